"""the only upstream is away for one second in five

It is restarted as a deploy does it: ended with care, gone for a second, back.
"""

import asyncio

import load
import tally

GOAL = "0 failures; p99 at most 0.95 s (the gap)"


async def run(bench):
    upstreams = bench.upstreams(1, delay=0.01)
    proxy = bench.proxy(upstreams)
    client = load.Client(proxy.port)

    async def restart():
        while True:
            await asyncio.sleep(4)
            upstreams[0].terminate()
            await asyncio.to_thread(upstreams[0].process.wait)
            # Starting the process takes some of the second.
            await asyncio.sleep(0.9)
            upstreams[0].start()
            await asyncio.to_thread(upstreams[0].ready)

    restarting = asyncio.create_task(restart())
    outcomes = await load.steady(client, 200, bench.long(15, 60))
    restarting.cancel()
    return [("away 1 s in 5", tally.summary(outcomes))]
