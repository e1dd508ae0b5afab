"""Each raw server serves each kind of load without an error and ends whole."""

import json
import os
import subprocess
import unittest

_BENCH = os.path.join(os.environ['TEST_SRCDIR'], os.environ['TEST_WORKSPACE'],
                      'tools/bench')
_LOADS = (('--mode=close',), ('--mode=paced', '--rate=500'),
          ('--mode=keepalive',), ('--mode=hold',))
_WORKERS = 3


def drive(port, *arguments):
    return subprocess.run(
        [f'{_BENCH}/load/loadgen', f'--target=127.0.0.1:{port}',
         '--seconds=0.3', '--warmup=0.05', '--connections=24', *arguments],
        check=True, stdout=subprocess.PIPE, text=True, timeout=30).stdout


class RawServerTest(unittest.TestCase):

    def serve_all_loads(self, name, *arguments):
        """Returns the results by mode."""
        results = {}
        # Port 0: the server picks a free one and names it.
        with subprocess.Popen(
                [f'{_BENCH}/servers/{name}', '--listen=127.0.0.1:0',
                 f'--workers={_WORKERS}', *arguments],
                stdout=subprocess.PIPE, text=True) as server:
            try:
                ready = server.stdout.readline()
                self.assertRegex(ready, r'^ready 127\.0\.0\.1:\d+$')
                port = int(ready.rsplit(':', 1)[1])
                for load in _LOADS:
                    result = json.loads(drive(port, *load))
                    self.assertGreater(result['completed'], 0, result)
                    self.assertEqual(result['errors_total'], 0, result)
                    results[result['mode']] = result
            finally:
                server.terminate()
            # Workers hold the pipe: its end says that all of them are gone.
            self.assertEqual(server.stdout.read(), '')
            self.assertEqual(server.wait(10), 0)
        self.assertEqual(results['hold']['completed'], 24)
        return results

    def test_reuseport(self):
        self.serve_all_loads('raw_reuseport')

    def test_reuseport_steered(self):
        self.serve_all_loads('raw_reuseport', '--steer=random')
        cpus = len(os.sched_getaffinity(0))
        self.serve_all_loads('raw_reuseport', '--steer=cpu',
                             f'--workers={cpus}')

    def test_shared(self):
        self.serve_all_loads('raw_shared')

    def test_handoff_is_exactly_even(self):
        for gather in ('--gather_us=200', '--gather_us=0'):
            results = self.serve_all_loads('raw_handoff', gather)
            self.assertEqual(set(results['hold']['shares'].values()), {8})


class UsageTest(unittest.TestCase):

    def exit_code(self, *words):
        return subprocess.run(words, check=False,
                              stderr=subprocess.DEVNULL).returncode

    def test_wrong_usage_exits_with_2(self):
        loadgen = f'{_BENCH}/load/loadgen'
        target = '--target=127.0.0.1:9'
        for words in ((), ('--mode=close',), ('--mode=odd', target),
                      ('--mode=paced', target),
                      ('--mode=close', '--target=192.0.2.1:80'),
                      ('--mode=close', target, '--threads=0'),
                      ('--mode=close', target, 'extra')):
            self.assertEqual(self.exit_code(loadgen, *words), 2, words)
        self.assertEqual(
            self.exit_code(f'{_BENCH}/servers/raw_shared', '--workers=2'), 2)
        for steer in ('odd', 'cpu'):
            self.assertEqual(
                self.exit_code(f'{_BENCH}/servers/raw_reuseport',
                               '--listen=127.0.0.1:0', f'--steer={steer}',
                               '--workers=255'), 2, steer)


if __name__ == '__main__':
    unittest.main()
