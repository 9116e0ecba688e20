"""the upstream closes idle connections just when they are used again

Fifty connections are warmed at once, left idle for as long as the upstream keeps them, give or take some milliseconds,
and used again at once. `first contact` starts the gateway anew for each round, so that nothing can have been learned.
"""

import asyncio

import load
import tally

GOAL = "0 failures, 0 executed twice; first contact at most 20 per 10,000"
LANES = 50


async def aimed(client, method, idle, offset):
    await asyncio.gather(*(client.request("GET") for _ in range(LANES)))
    await asyncio.sleep(idle + offset)
    return await asyncio.gather(*(client.request(method) for _ in range(LANES)))


async def run(bench):
    rows = []
    offsets = [-0.020, -0.012, -0.006, -0.003, -0.001, 0, 0.001, 0.003, 0.006, 0.012]
    for label, idle, options in (
        ("1 s, unannounced", 1.0, {}),
        ("1 s, closes 2 ms around", 1.0, {"jitter": 0.004}),
    ):
        for method in ("POST", "GET"):
            upstreams = bench.upstreams(1, idle=idle, delay=0.05, **options)
            proxy = bench.proxy(upstreams)
            client = load.Client(proxy.port, name=f"{method}{label[4]}")
            outcomes = []
            for _ in range(bench.long(1, 5)):
                for offset in offsets:
                    outcomes += await aimed(client, method, idle, offset)
            client.close()
            rows.append((f"{method} {label}", text(outcomes, upstreams)))
    upstreams = bench.upstreams(1, idle=1.0, delay=0.05)
    outcomes = []
    for n in range(bench.long(6, 20)):
        proxy = bench.proxy(upstreams)
        client = load.Client(proxy.port, name=f"f{n}-")
        outcomes += await aimed(client, "POST", 1.0, offsets[n % len(offsets)] / 2)
        client.close()
        proxy.stop()
    rows.append(("POST, first contact", text(outcomes, upstreams)))
    return rows


def text(outcomes, upstreams):
    per = sum(not one.is_good for one in outcomes) * 10_000 / len(outcomes)
    return f"{tally.summary(outcomes)}; {per:.0f} per 10,000; {tally.twice(upstreams)} executed twice"
