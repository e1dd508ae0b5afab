"""Medians, spreads, paired ratios, evenness. Values in, values out.

A function returns None where there is nothing to compute from: a figure that
was not measured is never made up.
"""

import dataclasses
import math
import statistics


@dataclasses.dataclass(frozen=True)
class Summary:
    """A median with its quartiles."""
    n: int
    median: float
    q1: float
    q3: float


def summary(values):
    """The Summary of the values that are not None, or None."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    if len(known) == 1:
        return Summary(1, known[0], known[0], known[0])
    q1, median, q3 = statistics.quantiles(known, n=4, method='inclusive')
    return Summary(len(known), median, q1, q3)


def paired_ratio(value, before, after):
    """`value` against its neighbouring references, either of them optional.

    With both it is against their geometric mean, so that a drift of the
    machine between them cancels out.
    """
    known = [reference for reference in (before, after) if reference]
    if value is None or not known:
        return None
    return value / math.exp(statistics.fmean(math.log(r) for r in known))


def nearest(index, references):
    """The (before, after) values nearest to `index`.

    `references` is a list of (index, value), in any order. None where there is
    none on that side.
    """
    earlier = [r for r in references if r[0] < index and r[1] is not None]
    later = [r for r in references if r[0] > index and r[1] is not None]
    before = max(earlier)[1] if earlier else None
    after = min(later)[1] if later else None
    return before, after


def evenness(shares, workers):
    """Smallest over largest share, 1.0 = exactly even.

    `shares` maps a worker's name to its count; a worker that got nothing has
    no entry. None without any share.
    """
    if not shares:
        return None
    counts = list(shares.values()) + [0] * (workers - len(shares))
    return min(counts) / max(counts)


def variation(shares, workers):
    """The coefficient of variation of the workers' shares, 0 = even, or None.

    A worker that got nothing has no entry in `shares`.
    """
    counts = list(shares.values()) + [0] * (workers - len(shares))
    if not any(counts):
        return None
    return statistics.pstdev(counts) / statistics.fmean(counts)
