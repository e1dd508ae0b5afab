"""Tests of machine.py."""

import os
import unittest

import machine

_TICKS = os.sysconf('SC_CLK_TCK')
_SLACK = 4 / _TICKS


class CpuTimesTest(unittest.TestCase):

    def test_parses_the_first_line(self):
        text = f'cpu  {_TICKS} {_TICKS} {_TICKS} 9 9 {_TICKS} 0 {_TICKS} 0 0\n'
        found = machine.parse_cpu_times(text + 'cpu0 1 2 3\n', 7.0)
        self.assertEqual(found, machine.CpuTimes(4.0, 1.0, 7.0))


class NoiseTest(unittest.TestCase):

    def test_what_is_not_ours_is_others(self):
        found = machine.noise(machine.CpuTimes(10, 0, 0),
                              machine.CpuTimes(13 + _SLACK, 0, 2), 2.5, cores=2)
        self.assertAlmostEqual(found.others, 0.25)
        self.assertIn('others used 25%', found.too_much())

    def test_steal_is_a_share_of_all_cores(self):
        found = machine.noise(machine.CpuTimes(0, 0, 0),
                              machine.CpuTimes(1, 0.4 + _SLACK, 2), 1, cores=2)
        self.assertAlmostEqual(found.steal, 0.1)
        self.assertIn('stolen', found.too_much())

    def test_quiet_machine_is_fine(self):
        found = machine.noise(machine.CpuTimes(0, 0, 0),
                              machine.CpuTimes(1, 0, 2), 1.1, cores=2)
        self.assertEqual(found.too_much(), '')


class FactsTest(unittest.TestCase):

    def test_nothing_is_missing(self):
        self.assertTrue(all(machine.facts().values()))


if __name__ == '__main__':
    unittest.main()
