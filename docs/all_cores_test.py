"""The program of README.md: runs, serves, replaces a worker, and ends."""

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import unittest

DEADLINE_S = 30


def free_port():
    """Returns a port that nobody listens on. It is below those that the kernel
    gives to clients, so that no other test's connection takes it meanwhile.
    """
    while True:
        port = random.randrange(10240, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def children(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path, encoding="ascii") as listed:
        return [int(child) for child in listed.read().split()]


class AllCoresTest(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.program = subprocess.Popen(
            ["docs/all_cores"],
            stderr=subprocess.PIPE,
            env=dict(os.environ, PORT=str(self.port)))
        self.addCleanup(self.program.stderr.close)
        self.addCleanup(self.program.wait, DEADLINE_S)
        self.addCleanup(self.program.kill)

    def greeting(self):
        """Returns what the program says, once it listens."""
        while True:
            self.assertIsNone(self.program.poll(), "the program has ended")
            with contextlib.suppress(ConnectionRefusedError):
                with socket.create_connection(("127.0.0.1", self.port),
                                              DEADLINE_S) as client:
                    return client.makefile().read()
            # Nothing tells when a port is open but the port.
            select.select([], [], [], 0.01)

    def test_serves_replaces_and_ends(self):
        self.assertRegex(self.greeting(), r"^hello from worker \d+\n$")
        workers = children(self.program.pid)
        self.assertEqual(len(workers), os.cpu_count())
        os.kill(workers[0], signal.SIGKILL)
        line = self.program.stderr.readline().decode()
        self.assertRegex(line, r"^worker \d+ died: code 0, signal 9\n$")
        self.assertRegex(self.greeting(), r"^hello from worker \d+\n$")
        self.assertEqual(len(children(self.program.pid)), os.cpu_count())
        # Its end is the workers', too: the channel tells them.
        pidfds = [os.pidfd_open(pid) for pid in children(self.program.pid)]
        self.program.send_signal(signal.SIGTERM)
        self.program.wait(DEADLINE_S)
        for pidfd in pidfds:
            ready, _, _ = select.select([pidfd], [], [], DEADLINE_S)
            self.assertTrue(ready, "a worker lives on")
            os.close(pidfd)


if __name__ == "__main__":
    unittest.main()
