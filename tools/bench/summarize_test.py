"""Tests of summarize.py."""

import unittest

import summarize

_REFERENCE_OF = {'ref': 'ref', 'c': 'ref'}


def sample(index, contender, rate, **more):
    return {'round': 0, 'measure': 'short', 'contender': contender,
            'index': index, 'rate': rate, 'noise': '', 'failed': '',
            'errors': 0, **more}


def row_of(contender, samples):
    rows = summarize.rows(samples, 'short', _REFERENCE_OF)
    return next(row for row in rows if row.contender == contender)


class RowsTest(unittest.TestCase):

    def test_ratio_is_against_the_neighbours(self):
        row = row_of('c', [sample(0, 'ref', 10.0), sample(1, 'c', 20.0),
                           sample(2, 'ref', 40.0), sample(3, 'ref', 999.0)])
        self.assertEqual(row.figures['rate'].median, 20.0)
        self.assertAlmostEqual(row.ratios['rate'].median, 1.0)

    def test_reference_has_no_ratio_to_itself(self):
        row = row_of('ref', [sample(0, 'ref', 10.0), sample(1, 'ref', 10.0)])
        self.assertIsNone(row.ratios['rate'])

    def test_other_rounds_are_no_neighbours(self):
        row = row_of('c', [sample(0, 'ref', 10.0),
                           sample(1, 'c', 20.0, round=1)])
        self.assertIsNone(row.ratios['rate'])

    def test_disturbed_samples_are_left_out(self):
        row = row_of('c', [sample(0, 'c', 1.0, noise='others'),
                           sample(1, 'c', 20.0)])
        self.assertEqual((row.figures['rate'].median, row.dropped), (20.0, 1))
        self.assertFalse(row.disturbed)

    def test_only_disturbed_samples_are_shown_as_such(self):
        row = row_of('c', [sample(0, 'c', 1.0, noise='others'),
                           sample(1, 'ref', 2.0)])
        self.assertEqual(row.figures['rate'].median, 1.0)
        self.assertTrue(row.disturbed)
        self.assertIsNone(row.ratios['rate'])

    def test_failed_sample_has_no_figures(self):
        row = row_of('c', [{'round': 0, 'measure': 'short', 'contender': 'c',
                            'index': 0, 'noise': '', 'failed': 'no port'}])
        self.assertEqual(row.failed, 'no port')
        self.assertFalse(any(row.figures.values()))

    def test_contender_without_samples_has_no_row(self):
        rows = summarize.rows([sample(0, 'ref', 1.0)], 'short', _REFERENCE_OF)
        self.assertEqual([row.contender for row in rows], ['ref'])


if __name__ == '__main__':
    unittest.main()
