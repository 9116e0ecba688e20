"""five hundred ask for one page at once that is not in the cache

The upstream thinks for a second. `shared`: a page for everybody. `private`: one that turns out to be for one visitor, by an
upstream that thinks for 0.3 s; those who waited in vain must not be served one after the other.
"""

import asyncio

import load
import tally
from scenarios.stale import caching

GOAL = "shared: 1 reaches the upstream, p99 at most 1.05 s; private: p99 at most 0.65 s"


async def run(bench):
    if bench.kind == "haproxy":
        return [("", "does not collapse requests")]
    rows = []
    for label, fields, delay in (
        ("shared", "Cache-Control: max-age=60", 1.0),
        ("private", "Cache-Control: private", 0.3),
    ):
        upstreams = bench.upstreams(1, fields=fields, delay=delay)
        proxy = bench.proxy(upstreams, **caching(bench))
        clients = [load.Client(proxy.port, timeout=20, name=f"c{n}-") for n in range(10)]
        # Connections are there before it begins: what is measured is the waiting.
        await asyncio.gather(*(client.request(path="/warm") for client in clients for _ in range(50)))
        before = len(upstreams[0].seen())
        outcomes = await asyncio.gather(*(client.request(path="/page") for client in clients for _ in range(50)))
        reached = len(upstreams[0].seen()) - before
        text = f"{reached} of {len(outcomes)} reached the upstream; {tally.summary(outcomes)}"
        rows.append((label, text))
        upstreams[0].kill()
        proxy.stop()
    return rows
