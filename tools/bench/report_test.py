"""Tests of report.py."""

import unittest

import measurements
import report
import stats
import summarize
from measurements import Measurement


def row(name, rate=None, per_cpu=None, **more):
    figures = dict.fromkeys(summarize.FIGURES)
    figures['rate'] = rate
    figures['per_cpu_s'] = per_cpu
    ratios = dict.fromkeys(summarize.RATIOS)
    values = {'errors': 0, 'dropped': 0, 'disturbed': False, 'failed': ''}
    return summarize.Row(name, figures, ratios, **{**values, **more})


def one(value):
    return stats.Summary(1, value, value, value)


class CellTest(unittest.TestCase):

    def test_not_measured_is_a_dash(self):
        self.assertEqual(report.cell(None, 'number'), '-')
        self.assertEqual(report.number(None), '-')

    def test_spread_needs_two_samples(self):
        self.assertEqual(report.cell(one(1234.5), 'spread'), '1,234')
        self.assertEqual(
            report.cell(stats.Summary(3, 2000.0, 1000.0, 3000.0), 'spread'),
            '2,000 [1,000-3,000]')

    def test_ratio_has_two_digits(self):
        self.assertEqual(report.cell(one(1.234), 'ratio'), '1.23')


class TableTest(unittest.TestCase):

    def test_lines_are_aligned_and_complete(self):
        text = report.table([row('a', one(5.0)), row('longer', one(50000.0))],
                            'rate')
        lines = text.split('\n')
        self.assertEqual(len(lines), 4)
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertIn('50,000', lines[3])

    def test_remarks(self):
        text = report.table([row('a', failed='no\nport'),
                             row('b', one(1.0), errors=3, dropped=2),
                             row('c', one(1.0), disturbed=True)], 'rate')
        self.assertIn('failed: no port', text)
        self.assertIn('3 errors, 2 left out, busy', text)
        self.assertIn('machine was busy', text)


class BarsTest(unittest.TestCase):

    def test_longest_is_the_greatest(self):
        text = report.bars([row('a', per_cpu=one(50.0)),
                            row('b', per_cpu=one(100.0)), row('c')],
                           'per_cpu_s', 'title')
        lines = text.split('\n')
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[1].count('#') * 2, lines[2].count('#'))

    def test_one_bar_says_nothing(self):
        self.assertEqual(report.bars([row('a', per_cpu=one(5.0))],
                                     'per_cpu_s', ''), '')


class SectionTest(unittest.TestCase):

    def test_every_measurement_has_a_table(self):
        for measurement in measurements.TABLE:
            text = report.section(measurement, [row('a'), row('b')])
            self.assertIn('| a ', text)


class DocumentTest(unittest.TestCase):

    def test_names_what_was_skipped(self):
        text = report.document(
            {'cpu': 'X', 'cores': 2, 'memory_mb': 1024, 'kernel': '6'},
            {'started': 'now', 'rounds': 5, 'rounds_done': 3, 'seconds': 2.0},
            [report.section(Measurement('short', 'words'), [row('a')])],
            {'nginx': 'nginx is not installed'})
        self.assertIn('3 of 5 rounds', text)
        self.assertIn('## short: words', text)
        self.assertIn('- nginx: nginx is not installed', text)


if __name__ == '__main__':
    unittest.main()
