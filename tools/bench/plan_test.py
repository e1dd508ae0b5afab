"""Tests of plan.py."""

import random
import unittest

import plan
from contenders import Contender
from measurements import Measurement

_R = Contender('r', '', reference='r')
_ABC = [Contender(name, '', reference='r') for name in 'abc']
_LOAD = Measurement('load', '', ('--mode=close',))
_MEMORY = Measurement('memory', '', kind='memory')


def names(measurement, rounds=1, contenders=(_R, *_ABC), reference=_R):
    steps = plan.steps(list(contenders), [measurement], rounds,
                       lambda c: reference, random.Random(1), cpus=2)
    return [s.contender.name for s in steps]


class StepsTest(unittest.TestCase):

    def test_reference_stands_before_and_after(self):
        order = names(_LOAD)
        self.assertEqual([order[i] for i in (0, 3, 5)], ['r'] * 3)
        self.assertEqual(sorted(order), ['a', 'b', 'c', 'r', 'r', 'r'])

    def test_rounds_differ_in_order(self):
        order = names(_LOAD, rounds=20)
        self.assertGreater(
            len({tuple(order[i:i + 6]) for i in range(0, 120, 6)}), 1)

    def test_idle_properties_need_no_reference_around_them(self):
        self.assertEqual(names(_MEMORY), ['r', 'a', 'b', 'c'])

    def test_online_is_for_those_that_can_tell(self):
        online = Measurement('online', '', kind='online')
        able = Contender('able', '', online='json')
        self.assertEqual(names(online, contenders=(_R, able)), ['able'])

    def test_a_worker_per_cpu_or_not_at_all(self):
        pinned = Contender('pinned', '', reference='r', worker_per_cpu=True)
        self.assertIn('pinned', names(_LOAD, contenders=(_R, pinned)))
        four = Measurement('load', '', ('--mode=close',), workers=4)
        self.assertNotIn('pinned', names(four, contenders=(_R, pinned)))

    def test_missing_reference_does_not_stop_the_others(self):
        order = names(_LOAD, contenders=_ABC, reference=None)
        self.assertEqual(sorted(order), ['a', 'b', 'c'])


if __name__ == '__main__':
    unittest.main()
