"""The order of a session: shuffled, with the reference before and after.

Machines drift. So each contender runs between two runs of its reference that
are at most REFERENCE_EVERY contenders apart.
"""

import dataclasses

from contenders import Contender
from measurements import Measurement

REFERENCE_EVERY = 2


@dataclasses.dataclass(frozen=True)
class Step:
    """One measurement of one contender."""
    round: int
    measurement: Measurement
    contender: Contender
    is_reference: bool


def _interleave(group, reference):
    """(contender, is_reference) in order: R a b R c d R."""
    order = []
    for i in range(0, len(group), REFERENCE_EVERY):
        order.append((reference, True))
        order += [(c, False) for c in group[i:i + REFERENCE_EVERY]]
    return order + [(reference, True)]


def takes_part(contender, measurement, cpus):
    """Whether the contender can be measured so on a machine of `cpus` CPUs."""
    if measurement.kind == 'online' and not contender.online:
        return False
    return not contender.worker_per_cpu or measurement.workers == cpus


def steps(contenders, measurements, rounds, reference_of, random, cpus):
    """The Steps of a session on a machine of `cpus` CPUs.

    `reference_of(contender)` is its reference, or None when that cannot run;
    `random` is a random.Random.
    """
    result = []
    for number in range(rounds):
        for measurement in measurements:
            groups = {}
            for contender in contenders:
                if not takes_part(contender, measurement, cpus):
                    continue
                reference = reference_of(contender)
                groups.setdefault(reference, []).append(contender)
            names = list(groups)
            random.shuffle(names)
            for reference in names:
                # The reference runs anyway, and often.
                group = [c for c in groups[reference] if c != reference]
                random.shuffle(group)
                if reference is None or not measurement.is_load:
                    order = [(c, c == reference) for c in groups[reference]]
                else:
                    order = _interleave(group, reference)
                result += [Step(number, measurement, c, is_reference)
                           for c, is_reference in order]
    return result
