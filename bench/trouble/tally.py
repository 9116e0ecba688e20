"""What outcomes and the upstreams' logs add up to."""

from collections import Counter

import load


def summary(outcomes):
    """`failed of all (why), p50/p99`."""
    bad = [one for one in outcomes if not one.is_good]
    why = ", ".join(f"{count}x {status}" for status, count in Counter(one.status for one in bad).most_common(4))
    times = [one.took * 1000 for one in outcomes]
    p50, p99 = load.percentile(times, 0.5), load.percentile(times, 0.99)
    return f"{len(bad):5} failed of {len(outcomes)}{f' ({why})' if why else ''}; p50 {p50:.0f} ms, p99 {p99:.0f} ms"


def twice(upstreams, method="POST"):
    """How many requests of this method were executed more than once."""
    seen = Counter(ident for one in upstreams for ident, what in one.seen() if what == method)
    return sum(count > 1 for count in seen.values())


def amplification(upstreams, outcomes):
    """Requests that reached an upstream per request of a client."""
    return sum(len(one.seen()) for one in upstreams) / max(1, len(outcomes))
