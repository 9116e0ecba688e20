"""all upstreams fail half of the requests, or all of them

They read the request, then close without an answer (or answer 503). Half: how many are answered nonetheless. All: how
much load the gateway adds to the dying.
"""

import load
import tally

GOAL = "fail50 at least 80 % good; fail100 amplification at most 1.15"


async def run(bench):
    rows = []
    for mode in ("close", "status"):
        for share in (0.5, 1.0):
            upstreams = bench.upstreams(3, delay=0.005, mode=mode, share=share)
            proxy = bench.proxy(upstreams)
            client = load.Client(proxy.port)
            outcomes = await load.steady(client, 200, bench.long(10, 30))
            good = sum(one.is_good for one in outcomes) * 100 / len(outcomes)
            rows.append((
                f"fail{share * 100:.0f} by {mode}",
                f"{good:5.1f} % good, amplification {tally.amplification(upstreams, outcomes):.2f}",
            ))
            client.close()
            proxy.stop()
            for one in upstreams:
                one.kill()
    return rows
