"""every upstream is gone, and pages were in the cache

Pages that are fresh for a second are asked for, then all upstreams refuse. `max-age`: pages that say how long they are
fresh. `must-revalidate`: pages that forbid to be given stale; whoever gives them all the same is wrong.
"""

import asyncio

import load

GOAL = "max-age: 100 % answered while all are gone; must-revalidate: 0 %"

NGINX_CACHE = {
    "nginx_http": "proxy_cache_path {folder} keys_zone=c:10m; ",
    "nginx": "proxy_pass http://pool; proxy_cache c; proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504 updating;"
    " proxy_cache_lock on;",
}


def caching(bench):
    """What switches the cache on, for each gateway that has one."""
    extra = {key: text.replace("{folder}", f"{bench.folder}/cache{bench.count}") for key, text in NGINX_CACHE.items()}
    # nginx writes there as another user than root.
    bench.folder.chmod(0o755)
    # An outage is told at once, so that only the cache is judged.
    return {**extra, "torwart": "cache = true\nwait = false\n"}


async def run(bench):
    if bench.kind == "haproxy":
        return [("", "has no cache that gives stale answers")]
    rows = []
    for label, fields in (
        ("max-age", "Cache-Control: max-age=1"),
        ("must-revalidate", "Cache-Control: max-age=1, must-revalidate"),
    ):
        upstreams = bench.upstreams(2, fields=fields)
        proxy = bench.proxy(upstreams, **caching(bench))
        client = load.Client(proxy.port)
        await load.steady(client, 50, 2, path=lambda n: f"/{n % 20}")
        for one in upstreams:
            one.order("mode refuse")
        await asyncio.sleep(1.5)
        outcomes = await load.steady(client, 100, bench.long(5, 60), path=lambda n: f"/{n % 20}")
        good = [one for one in outcomes if one.is_good]
        said = sum("stale" in one.fields.get("cache-status", "") for one in good)
        late = load.percentile([one.took * 1000 for one in outcomes], 0.99)
        rows.append(
            (label, f"{len(good) / len(outcomes):.0%} answered, {said} said to be stale; p99 {late:.0f} ms")
        )
        for one in upstreams:
            one.kill()
        proxy.stop()
    return rows
