"""Tests of process_tree.py."""

import os
import subprocess
import sys
import time
import unittest

import process_tree

_BURN = 'import time\nwhile time.process_time() < 0.3: pass\n'


def process(pid, parent, session=0, reaped_ns=0):
    return process_tree.Process(pid, 'S', parent, session, 0, reaped_ns)


class ParseTest(unittest.TestCase):

    def test_name_with_spaces_and_parentheses(self):
        text = ('42 (a) b (c)) S 1 42 41 0 -1 4194560 1 2 3 4 '
                '10 20 30 40 20 0 1 0 5 6 7')
        found = process_tree.parse_stat(text)
        self.assertEqual((found.pid, found.parent, found.session), (42, 1, 41))
        tick_ns = 10**9 // os.sysconf('SC_CLK_TCK')
        self.assertEqual(found.ended_threads_and_live_ns, 30 * tick_ns)
        self.assertEqual(found.reaped_children_ns, 70 * tick_ns)


class MembersTest(unittest.TestCase):

    def test_descendants_and_session(self):
        everyone = [process(1, 0), process(5, 1), process(6, 5),
                    process(7, 6, session=7),  # its own session
                    process(8, 1, session=5),  # its parent ended
                    process(9, 1)]
        found = {p.pid for p in process_tree.members(5, everyone)}
        self.assertEqual(found, {5, 6, 7, 8})


class CpuTest(unittest.TestCase):

    def test_reaped_child_counts_once(self):
        before = process_tree.CpuSnapshot({1: 100, 2: 50_000_000}, {1: 0, 2: 0})
        after = process_tree.CpuSnapshot({1: 200}, {1: 60_000_000})
        self.assertAlmostEqual(process_tree.cpu_seconds(before, after),
                               (60_000_000 + 200 - 50_000_000 - 100) / 1e9)

    def test_time_that_nobody_inherited_is_noticed(self):
        before = process_tree.CpuSnapshot({1: 0, 2: 10**9}, {1: 0, 2: 0})
        after = process_tree.CpuSnapshot({1: 0}, {1: 0})
        self.assertIsNone(process_tree.cpu_seconds(before, after))

    def test_counts_children_that_ended(self):
        code = ('import subprocess, sys\n'
                f'subprocess.run([sys.executable, "-c", {_BURN!r}])\n'
                'print("done", flush=True)\n'
                'sys.stdin.read()\n')
        with subprocess.Popen([sys.executable, '-c', code],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              start_new_session=True) as parent:
            before = process_tree.cpu_snapshot(parent.pid)
            parent.stdout.readline()
            after = process_tree.cpu_snapshot(parent.pid)
            seconds = process_tree.cpu_seconds(before, after)
            parent.stdin.close()
        self.assertGreater(seconds, 0.27)
        self.assertLess(seconds, 3.0)

    def test_counts_threads_that_ended(self):
        code = ('import sys, threading\n'
                f'thread = threading.Thread(target=lambda: exec({_BURN!r}))\n'
                'thread.start()\n'
                'thread.join()\n'
                'print("done", flush=True)\n'
                'sys.stdin.read()\n')
        with subprocess.Popen([sys.executable, '-c', code],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              start_new_session=True) as parent:
            parent.stdout.readline()
            own = process_tree.cpu_snapshot(parent.pid).own_ns[parent.pid]
            parent.stdin.close()
        self.assertGreater(own, 250_000_000)


class MemoryTest(unittest.TestCase):

    def test_worker_pids_and_pss(self):
        code = ('import subprocess, sys\n'
                'c = subprocess.Popen([sys.executable, "-c", '
                '"import sys; sys.stdin.read()", "marked"])\n'
                'c.wait()\n')
        with subprocess.Popen([sys.executable, '-c', code],
                              stdin=subprocess.PIPE,
                              start_new_session=True) as parent:
            end = time.monotonic() + 5
            pids = []
            while not pids and time.monotonic() < end:
                pids = process_tree.worker_pids(parent.pid, 'marked$|marked ')
            sizes = [process_tree.pss_kb(pid) for pid in pids]
            parent.stdin.close()
        self.assertEqual(len(sizes), 1)
        self.assertGreater(sizes[0], 0)

    def test_no_such_process_has_no_pss(self):
        self.assertIsNone(process_tree.pss_kb(2**30))


if __name__ == '__main__':
    unittest.main()
