"""Tests of stats.py."""

import unittest

import stats


class SummaryTest(unittest.TestCase):

    def test_median_and_quartiles(self):
        self.assertEqual(stats.summary([5, 1, 3, 2, 4]),
                         stats.Summary(5, 3, 2, 4))

    def test_one_value_has_no_spread(self):
        self.assertEqual(stats.summary([7]), stats.Summary(1, 7, 7, 7))

    def test_missing_values_do_not_count(self):
        self.assertEqual(stats.summary([None, 7, None]).n, 1)

    def test_nothing_measured_is_none(self):
        self.assertIsNone(stats.summary([None]))
        self.assertIsNone(stats.summary([]))


class PairedRatioTest(unittest.TestCase):

    def test_against_the_geometric_mean(self):
        self.assertAlmostEqual(stats.paired_ratio(6, 2, 8), 1.5)

    def test_one_neighbour_is_enough(self):
        self.assertAlmostEqual(stats.paired_ratio(6, None, 4), 1.5)

    def test_no_neighbour_or_no_value_is_none(self):
        self.assertIsNone(stats.paired_ratio(6, None, None))
        self.assertIsNone(stats.paired_ratio(None, 2, 2))
        self.assertIsNone(stats.paired_ratio(6, 0, None))


class NearestTest(unittest.TestCase):

    def test_takes_the_closest_on_each_side(self):
        references = [(9, 'd'), (0, 'a'), (6, 'c'), (3, 'b')]
        self.assertEqual(stats.nearest(4, references), ('b', 'c'))

    def test_ends_have_one_side(self):
        self.assertEqual(stats.nearest(0, [(1, 'x')]), (None, 'x'))
        self.assertEqual(stats.nearest(2, [(1, 'x')]), ('x', None))

    def test_skips_references_without_a_figure(self):
        self.assertEqual(stats.nearest(4, [(1, 5.0), (3, None)]), (5.0, None))


class EvennessTest(unittest.TestCase):

    def test_even(self):
        self.assertEqual(stats.evenness({'0': 16, '1': 16}, 2), 1.0)

    def test_worker_without_any_counts_as_zero(self):
        self.assertEqual(stats.evenness({'0': 16}, 2), 0.0)

    def test_unknown_shares(self):
        self.assertIsNone(stats.evenness({}, 2))

    def test_variation_counts_workers_that_got_nothing(self):
        self.assertEqual(stats.variation({'1': 4, '2': 4}, 2), 0)
        self.assertEqual(stats.variation({'1': 8}, 2), 1)
        self.assertIsNone(stats.variation({}, 2))


if __name__ == '__main__':
    unittest.main()
