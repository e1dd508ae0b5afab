"""Workers that serve by time do so, ours, Node's and nginx's, in each table."""

import os
import shutil
import tempfile
import unittest

import contenders
import load
import shootout
import shootout_plan
import shootout_run

_ROOT = os.path.join(os.environ['TEST_SRCDIR'], os.environ['TEST_WORKSPACE'])
_LABELS = ('//core/host:host', '//tools/bench:served_by_time.so', load.LABEL,
           shootout.DRAW)
_BUILT = {label: os.path.join(_ROOT, label[2:].replace(':', '/'))
          for label in _LABELS}
_SECONDS = 0.3


def take(table, name):
    """One sample of a contender in a table."""
    found = [t for t in shootout_plan.TABLES if t.name == table][0]
    contender = [c for c in shootout_plan.contenders(found.model)
                 if c.name == name][0]
    return shootout_run.take(shootout_plan.Run(0, found, contender), _BUILT,
                             _SECONDS)


class ShootoutSmokeTest(unittest.TestCase):

    def serves(self, table, name, early_us=0):
        taken = take(table, name)
        self.assertEqual(taken['failed'], '')
        self.assertEqual(taken['errors'], 0)
        # Some 660 are due; which of them, the seed says.
        self.assertGreater(taken['completed'], 500)
        self.assertEqual(len(taken['shares']), shootout_plan.WORKERS)
        # Nobody is served faster than by the model.
        self.assertGreaterEqual(taken['buckets'][0][0], 990 - early_us)
        slow = sum(count for us, count in taken['buckets']
                   if us >= 19_800 - early_us)
        self.assertGreater(slow, taken['completed'] / 20)
        return taken

    def test_host(self):
        for table in shootout_plan.TABLES:
            taken = self.serves(table.name, 'cluster_round_robin')
        with tempfile.TemporaryDirectory() as folder:
            sections = shootout.sections_of(
                [(table, [c for c in shootout_plan.contenders(table.model)
                          if c.name == 'cluster_round_robin'])],
                [taken], folder, _BUILT)
            (_, rows, plot), = sections
            self.assertEqual(rows[0].runs, 1)
            with open(os.path.join(folder, plot), encoding='utf-8') as file:
                self.assertIn('round_robin', file.read())

    @unittest.skipUnless(shutil.which('node'), 'node is not installed')
    def test_node(self):
        for table in ('timed', 'blocking'):
            self.serves(table, 'node_rr')

    @unittest.skipUnless(contenders.find_program('nginx') and
                         os.path.exists(shootout_plan.NGINX_PERL),
                         'nginx with its perl module is not installed')
    def test_nginx(self):
        for table in ('timed', 'blocking'):
            # Its timers begin at the time that it read last, in milliseconds.
            self.serves(table, 'nginx_reuseport', early_us=990)


if __name__ == '__main__':
    unittest.main()
