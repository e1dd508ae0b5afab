"""From the shoot-out's runs to rows: pooled latencies, shares, delays.

Latencies are buckets, [[microseconds, count], ...] in rising order. Values in,
values out; a figure that was not measured is None.
"""

import dataclasses
import math

import stats


def pooled(many):
    """The buckets of several runs as one."""
    sums = {}
    for buckets in many:
        for us, count in buckets:
            sums[us] = sums.get(us, 0) + count
    return sorted(sums.items())


def percentile(buckets, percent):
    """The latency that `percent` of all do not exceed, or None."""
    total = sum(count for _, count in buckets)
    wanted = max(1, math.ceil(total * percent / 100))
    seen = 0
    for us, count in buckets:
        seen += count
        if seen >= wanted:
            return us
    return None


def share_above(buckets, us, failed=0):
    """The share of connections that took longer or `failed`, or None."""
    total = sum(count for _, count in buckets) + failed
    if total == 0:
        return None
    above = sum(count for at, count in buckets if at > us) + failed
    return above / total


def tail(buckets, fewest=10, step=1.03):
    """[(milliseconds, share that took longer)], down to `fewest` of them.

    Points that are less than `step` from the one before, either way, are left
    out: nobody would see them.
    """
    total = sum(count for _, count in buckets)
    left, points = total, []
    for us, count in buckets:
        left -= count
        if left < fewest or us <= 0:
            continue
        here = (us / 1000, left / total)
        if (not points or here[0] >= points[-1][0] * step or
                here[1] <= points[-1][1] / step):
            points.append(here)
    return points


@dataclasses.dataclass(frozen=True)
class Row:
    """One contender in one table."""
    contender: str
    runs: int
    p50_us: float       # of all runs' connections together
    p99_us: float
    p999_us: float
    p99_runs: object    # stats.Summary over the runs
    variation: object   # likewise
    delayed: float      # share
    cpu_us: object      # stats.Summary: of the server, a connection
    errors: int
    busy: int           # runs during which others used the machine
    failed: str         # why there is no run, or ''


def row(contender, samples, workers, delayed_us):
    """The Row of the samples of one contender in one table. All runs count,
    disturbed or not: to leave out slow ones would be to choose."""
    whole = [s for s in samples if not s['failed']]
    everything = pooled(s['buckets'] for s in whole)
    errors = sum(s['errors'] for s in whole)
    return Row(
        contender, len(whole),
        *(percentile(everything, p) for p in (50, 99, 99.9)),
        stats.summary([percentile(s['buckets'], 99) for s in whole]),
        stats.summary([stats.variation(s['shares'], workers) for s in whole]),
        share_above(everything, delayed_us, errors),
        stats.summary([s['cpu_us'] for s in whole]),
        errors, sum(1 for s in whole if s['noise']),
        '' if whole else next((s['failed'] for s in samples), 'not measured'))
