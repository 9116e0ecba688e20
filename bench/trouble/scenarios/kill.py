"""one of three upstreams fails, in each of many ways

The other two could answer everything. Nine seconds at 300 GETs a second; the failure begins after one second. The
client waits a second: what takes longer is harmed.
"""

import asyncio

import load
import tally

GOAL = "hang at most 5, slow at most 30 harmed of 2,700; all else 0"


async def run(bench):
    rows = []
    for mode in ("hang", "slow", "refuse", "reset", "close", "garbage", "cut", "status", "killed"):
        upstreams = bench.upstreams(3, delay=0.02)
        proxy = bench.proxy(upstreams)
        client = load.Client(proxy.port, timeout=1.0)

        async def fail():
            await asyncio.sleep(1)
            upstreams[0].kill() if mode == "killed" else upstreams[0].order(f"mode {mode}")

        failing = asyncio.create_task(fail())
        outcomes = await load.steady(client, 300, 9)
        await failing
        late = sum(one.is_good and one.took > 0.15 for one in outcomes)
        rows.append((mode, f"{tally.summary(outcomes)}; {late} slower than 150 ms"))
        client.close()
        proxy.stop()
        for one in upstreams:
            one.kill()
    return rows
