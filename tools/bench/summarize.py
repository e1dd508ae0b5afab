"""From samples to the rows of the report."""

import dataclasses

import stats

# Those also given as a ratio to the reference.
RATIOS = ('rate', 'cpu_us', 'p50_us', 'p99_us')
FIGURES = RATIOS + ('per_cpu_s', 'even', 'uneven', 'pss_kb', 'online_us')


@dataclasses.dataclass(frozen=True)
class Row:
    """One contender in one measurement."""
    contender: str
    figures: dict   # name -> Summary or None
    ratios: dict    # name -> Summary of paired ratios, or None
    errors: int     # of all samples together
    dropped: int    # disturbed samples that were left out
    disturbed: bool  # only disturbed samples were to be had
    failed: str     # why there is no sample at all, or ''


def _usable(samples):
    """(samples to use, number dropped, whether they are disturbed)."""
    whole = [s for s in samples if not s['failed']]
    clean = [s for s in whole if not s['noise']]
    if clean or not whole:
        return clean, len(whole) - len(clean), False
    return whole, 0, True


def _ratio(sample, name, references):
    pairs = [(r['index'], r.get(name)) for r in references
             if r['round'] == sample['round']]
    before, after = stats.nearest(sample['index'], pairs)
    return stats.paired_ratio(sample.get(name), before, after)


def row(contender, samples, references):
    """The Row of one contender's samples of one measurement.

    `references` are the reference's samples of the same measurement; the
    disturbed among them are not used.
    """
    usable, dropped, disturbed = _usable(samples)
    clean, _, _ = _usable(references)
    figures = {name: stats.summary([s.get(name) for s in usable])
               for name in FIGURES}
    # A disturbed sample against an undisturbed reference compares nothing.
    paired = [] if disturbed else usable
    ratios = {name: stats.summary([_ratio(s, name, clean) for s in paired])
              for name in RATIOS}
    failed = '' if usable else next(
        (s['failed'] for s in samples if s['failed']), 'not measured')
    return Row(contender, figures, ratios,
               sum(s.get('errors') or 0 for s in usable), dropped, disturbed,
               failed)


def rows(samples, measure, reference_of):
    """The Rows of one measurement, in the order in which `reference_of`, a
    dict of contender -> name of its reference, lists the contenders."""
    mine = [s for s in samples if s['measure'] == measure]
    result = []
    for contender, reference in reference_of.items():
        own = [s for s in mine if s['contender'] == contender]
        if not own:
            continue
        against = [] if reference == contender else [
            s for s in mine if s['contender'] == reference]
        result.append(row(contender, own, against))
    return result
