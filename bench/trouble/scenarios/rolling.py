"""three upstreams are restarted one after the other, again and again, under load

Each ends as a careful server does (no new connections, what runs is finished), is away for 0.3 s and comes back. One
request in ten is a POST.
"""

import asyncio

import load
import tally

GOAL = "0 of 19,886"


async def run(bench):
    upstreams = bench.upstreams(3, delay=0.01)
    proxy = bench.proxy(upstreams)
    client = load.Client(proxy.port)
    seconds = bench.long(15, 60)
    restarts = 0

    async def roll():
        nonlocal restarts
        while True:
            for one in upstreams:
                await asyncio.sleep(0.2)
                one.terminate()
                await asyncio.to_thread(one.process.wait)
                await asyncio.sleep(0.3)
                one.start()
                await asyncio.to_thread(one.ready)
                restarts += 1

    rolling = asyncio.create_task(roll())
    outcomes = await load.steady(client, 330, seconds, lambda n: "POST" if n % 10 == 0 else "GET")
    rolling.cancel()
    return [(f"{restarts} restarts", f"{tally.summary(outcomes)}; {tally.twice(upstreams)} executed twice")]
