"""ten times what the upstream can do is asked of it

An upstream that works on eight requests at once for 40 ms each (200 per second) gets 100 per second, then 2,000 for a
while, then 100 again. `untold`: the gateway knows nothing of that. `told`: it was told to let eight in at once.
"""

import asyncio
import time

import load

GOAL = "untold: goodput >= 92 %, p99 <= 300 ms, recovery <= 1 s, refused <= 5 ms with Retry-After; told: goodput >= 96 %"

PLACES, DELAY, BEFORE = 8, 0.04, 5
BEST = PLACES / DELAY
TOLD = {
    "torwart": f"concurrency = {PLACES}\n",
    "haproxy_server": f"maxconn {PLACES}",
    "haproxy": "timeout queue 1s",
}


async def run(bench):
    rows = []
    for label, extra in (("untold", {}), ("told", TOLD)):
        upstreams = bench.upstreams(1, delay=DELAY, places=PLACES)
        proxy = bench.proxy(upstreams, **extra)
        rows.append((label, await spike(load.Client(proxy.port), bench.long(10, 20))))
        upstreams[0].kill()
        proxy.stop()
    return rows


async def spike(client, seconds):
    before = await load.steady(client, BEST / 2, BEFORE)
    # What the spike left unanswered is still under way while the usual load goes on.
    spiking = asyncio.create_task(load.steady(client, BEST * 10, seconds))
    over = time.monotonic() + seconds
    await asyncio.sleep(seconds)
    after = await load.steady(client, BEST / 2, 10)
    during = await spiking
    good = [one for one in during if one.is_good]
    in_time = [one for one in good if one.due + one.took <= over]
    refused = [one for one in during if one.status == 503]
    computed = sum("retry-after" in one.fields for one in refused)
    usual = load.percentile([one.took for one in before], 0.99)
    late = [one.due + one.took for one in after if not one.is_good or one.took > usual * 2 + 0.05]
    recovery = max(late, default=over) - over
    ms = lambda values, share: f"{load.percentile(values, share) * 1000:.0f} ms"
    text = f"goodput {len(in_time) / seconds / BEST:.0%} of the best; answered p50 {ms([one.took for one in good], 0.5)},"
    text += f" p99 {ms([one.took for one in good], 0.99)}; recovery {recovery:.1f} s"
    if refused:
        text += f"; {len(refused)} refused in p50 {ms([one.took for one in refused], 0.5)}, p99"
        text += f" {ms([one.took for one in refused], 0.99)}, {computed / len(refused):.0%} told when to come back"
    others = len(during) - len(good) - len(refused)
    failed = sum(not one.is_good for one in before)
    return text + f"; {others} failed otherwise, {failed} before the spike"
