"""ten reloads under load

Requests take 50 ms, so that some are under way at every reload; one in ten is a POST.
"""

import asyncio

import load
import tally

GOAL = "0 failures"


async def run(bench):
    upstreams = bench.upstreams(2, delay=0.05)
    proxy = bench.proxy(upstreams)
    client = load.Client(proxy.port)

    async def reload():
        for _ in range(10):
            await asyncio.sleep(0.8)
            proxy.reload()

    reloading = asyncio.create_task(reload())
    outcomes = await load.steady(client, 300, 10, lambda n: "POST" if n % 10 == 0 else "GET")
    reloading.cancel()
    return [("10 reloads", tally.summary(outcomes))]
