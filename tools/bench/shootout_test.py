"""Of the shoot-out: its plan, its rows, its tables and its command line."""

import contextlib
import io
import random
import unittest

import shootout
import shootout_plan
import shootout_report
import shootout_rows


def sample(**values):
    return {'failed': '', 'noise': '', 'errors': 0, 'cpu_us': 50.0,
            'shares': {'1': 5, '2': 5}, 'buckets': [[1000, 9], [9000, 1]],
            **values}


class PlanTest(unittest.TestCase):

    def test_load_is_as_stated(self):
        self.assertAlmostEqual(shootout_plan.MEAN_MS, 2.9)
        self.assertAlmostEqual(shootout_plan.CAPACITY, 8000 / 2.9)
        self.assertAlmostEqual(shootout_plan.RATE, 0.8 * 8000 / 2.9)

    def test_models_differ_in_the_model_alone(self):
        timed = shootout_plan.contenders('timed')
        blocking = shootout_plan.contenders('blocking')
        self.assertEqual([c.name for c in timed], [c.name for c in blocking])
        for one, two in zip(timed, blocking):
            text = one.command + ''.join(one.env)
            self.assertIn('timed', text)
            self.assertNotIn('<', text)
            self.assertEqual(text.replace('timed', 'blocking', 1),
                             two.command + ''.join(two.env))

    def test_each_round_has_everybody_once(self):
        one, two = shootout_plan.TABLES[:2]
        order = shootout_plan.runs([(one, 'abc'), (two, 'xy')], 2,
                                   random.Random(1))
        self.assertEqual(len(order), 10)
        self.assertEqual(sorted(r.contender for r in order[:5]), list('abcxy'))
        self.assertEqual([r.number for r in order], [0] * 5 + [1] * 5)

    def test_cpu_local_needs_a_worker_for_each_cpu(self):
        local = [c for c in shootout_plan.contenders('timed')
                 if c.name == 'cluster_steer_cpu_local'][0]
        self.assertEqual(shootout_plan.cannot_run(local, 8, 8), '')
        self.assertIn('8 workers, 2 CPUs',
                      shootout_plan.cannot_run(local, 8, 2))


class RowsTest(unittest.TestCase):

    def test_pooled_percentiles_are_of_all_connections(self):
        buckets = shootout_rows.pooled([[[10, 98], [500, 1]], [[10, 1]]])
        self.assertEqual(buckets, [(10, 99), (500, 1)])
        self.assertEqual(shootout_rows.percentile(buckets, 50), 10)
        self.assertEqual(shootout_rows.percentile(buckets, 99), 10)
        self.assertEqual(shootout_rows.percentile(buckets, 99.9), 500)
        self.assertIsNone(shootout_rows.percentile([], 50))

    def test_failures_count_as_delayed(self):
        buckets = [(1000, 6), (200_000, 2)]
        self.assertEqual(shootout_rows.share_above(buckets, 100_000), 0.25)
        self.assertEqual(shootout_rows.share_above(buckets, 100_000, 2), 0.4)
        self.assertIsNone(shootout_rows.share_above([], 100_000))

    def test_tail_ends_where_chance_begins(self):
        points = shootout_rows.tail([(1000, 80), (2000, 15), (3000, 5)])
        self.assertEqual(points, [(1.0, 0.2)])

    def test_row_says_what_happened(self):
        row = shootout_rows.row(
            'x', [sample(), sample(noise='busy', errors=1),
                  sample(failed='no server')], 2, 5000)
        self.assertEqual((row.runs, row.busy, row.errors), (2, 1, 1))
        self.assertEqual((row.p50_us, row.p99_us), (1000, 9000))
        self.assertAlmostEqual(row.delayed, 3 / 21)
        self.assertEqual(row.failed, '')
        nothing = shootout_rows.row('x', [sample(failed='gone')], 2, 5000)
        self.assertEqual(nothing.failed, 'gone')
        self.assertIsNone(nothing.p99_us)


class ReportTest(unittest.TestCase):

    def test_table_is_sorted_by_p99_and_failures_come_last(self):
        rows = [shootout_rows.row('slow', [sample()], 2, 5000),
                shootout_rows.row('gone', [sample(failed='no')], 2, 5000),
                shootout_rows.row('fast', [sample(buckets=[[7, 9]])], 2, 5000)]
        lines = shootout_report.table(rows).split('\n')[2:]
        self.assertEqual([line.split()[1] for line in lines],
                         ['fast', 'slow', 'gone'])
        self.assertIn('10.0 %', lines[1])
        self.assertIn('failed: no', lines[2])

    def test_drawing_has_the_hosts_policies_and_the_others(self):
        many = [sample(buckets=[[1000, 50], [2000, 30], [3000, 20]])]
        text = shootout_report.drawing(
            'T', {'cluster_p2c': many, 'node_rr': many, 'nginx': [sample()]})
        self.assertEqual(text.count('chart '), 2)
        self.assertIn('series p2c\npoint 1 0.5\npoint 2 0.2\n', text)
        self.assertNotIn('series nginx', text)
        self.assertEqual(shootout_report.drawing('T', {'node': []}), '')


class OptionsTest(unittest.TestCase):

    def refused(self, *words):
        text = io.StringIO()
        with contextlib.redirect_stderr(text), \
                self.assertRaises(SystemExit) as raised:
            shootout.parse(words)
        self.assertEqual(raised.exception.code, 2)
        return text.getvalue()

    def test_bad_options_are_refused_in_words(self):
        self.assertIn('0: wants 1 to 1000', self.refused('--runs=0'))
        self.assertIn('x: wants 0.1 to 600', self.refused('--seconds=x'))
        self.assertIn('odd: is none of timed, blocking, stalled',
                      self.refused('--tables=timed,odd'))
        self.assertIn('(: ', self.refused('--only=('))

    def test_defaults_are_ten_runs_of_each_in_three_tables(self):
        options = shootout.parse([])
        self.assertEqual(options.runs, 10)
        self.assertEqual(options.seconds, 1.5)
        self.assertEqual([t.name for t in options.tables],
                         ['timed', 'blocking', 'stalled'])
        self.assertEqual(shootout.parse(['--quick']).runs, 1)

    def test_all_are_in_each_table(self):
        chosen = shootout.choose(shootout.parse([]))
        self.assertEqual([len(who) for _, who in chosen], [20, 20, 20])
        with self.assertRaises(SystemExit):
            shootout.choose(shootout.parse(['--only=nobody']))


if __name__ == '__main__':
    unittest.main()
