"""The ratios and the table of messages.py, and that each measurement runs."""

import json
import os
import subprocess
import unittest

import messages

_BENCH = os.path.join(os.environ['TEST_SRCDIR'], os.environ['TEST_WORKSPACE'],
                      'tools/bench/messages')


def sample(number, contender, **figures):
    return {'round': number, 'measure': ('down', 64), 'contender': contender,
            **figures}


class TableTest(unittest.TestCase):

    def test_ratios_are_those_of_a_round(self):
        samples = [sample(0, 'cluster', rate=100, cpu_us=1),
                   sample(0, 'node_json', rate=10, cpu_us=20),
                   sample(1, 'cluster', rate=30, cpu_us=2),
                   sample(1, 'node_json', rate=10, cpu_us=20),
                   sample(2, 'cluster', rate=1)]
        rate = messages.ratios(samples, ('down', 64), 'rate', 'node_json')
        self.assertEqual((rate.n, rate.median), (2, 6.5))
        cpu = messages.ratios(samples, ('down', 64), 'cpu_us', 'node_json',
                              inverse=True)
        self.assertEqual(cpu.median, 15)
        self.assertIsNone(messages.ratios(samples, ('up', 64), 'rate',
                                          'node_json'))

    def test_failed_samples_leave_gaps(self):
        row = messages.row([sample(0, 'cluster', rate=5, cpu_us=1),
                            sample(0, 'node_json', failed='no node')],
                           ('down', 64))
        self.assertIn('| - |', row)


    def test_hand_offs_are_told_by_worker(self):
        worker = {'count': 7, 'p99_us': 1500, 'max_us': 2500,
                  'run_p99_us': 500, 'run_max_us': 900}
        text = messages.table(
            [{'round': 0, 'measure': messages.HANDOFF, 'contender': 'cluster',
              'large_messages': 3, 'p50_us': 1, 'p99_us': 2, 'max_us': 3,
              'workers': [worker, {'count': 0}]}], [])
        self.assertIn('worker 1: 7 connections, p99 1.5, longest 2.5 ms, '
                      'p99 0.5, longest 0.9 ms less', text)
        self.assertIn('worker 2: 0 connections', text)


class RunTest(unittest.TestCase):

    def test_each_measurement_runs(self):
        for measure, size in (*messages.MEASURES, messages.HANDOFF):
            with self.subTest(measure=measure, size=size):
                done = subprocess.run(
                    [f'{_BENCH}/message_bench', measure, str(size), '0.1',
                     '0.02'],
                    check=True, stdout=subprocess.PIPE, text=True, timeout=60)
                result = json.loads(done.stdout)
                self.assertGreater(result['rate'], 0)


if __name__ == '__main__':
    unittest.main()
