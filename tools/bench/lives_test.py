"""The table of lives.py, and that its program measures each figure."""

import json
import os
import subprocess
import unittest

import lives

_PROGRAM = os.path.join(os.environ['TEST_SRCDIR'],
                        os.environ['TEST_WORKSPACE'],
                        'tools/bench/lives/worker_lives')


class TableTest(unittest.TestCase):

    def test_ratios_say_how_many_times_ours_node_needs(self):
        samples = [{'round': 0, 'contender': 'cluster', 'online_us': 100},
                   {'round': 0, 'contender': 'node', 'online_us': 2500}]
        self.assertIn('| 25.0 [25.0-25.0] |', lives.row(samples, 'online_us'))

    def test_failed_runs_leave_gaps(self):
        samples = [{'round': 0, 'contender': 'cluster', 'online_us': 100},
                   {'round': 0, 'contender': 'node', 'failed': 'no node'}]
        self.assertEqual(lives.row(samples, 'online_us').count('| - |'), 1)


class RunTest(unittest.TestCase):

    def test_each_figure_is_measured(self):
        done = subprocess.run([_PROGRAM, '2'], check=True, text=True,
                              stdout=subprocess.PIPE, timeout=60)
        result = json.loads(done.stdout)
        self.assertEqual(set(result), set(lives.FIGURES))
        for figure, value in result.items():
            self.assertGreater(value, 0, figure)
        self.assertGreater(result['replaced_us'], result['noticed_us'])

    def test_wrong_arguments_are_refused(self):
        for words in ([], ['no'], ['0']):
            done = subprocess.run([_PROGRAM, *words], check=False,
                                  stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(b'usage', done.stderr)


if __name__ == '__main__':
    unittest.main()
