"""The host started as systemd starts a unit with sockets: descriptors from 3 on,
LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES; and what it tells NOTIFY_SOCKET."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(os.environ["TEST_SRCDIR"]) / os.environ["TEST_WORKSPACE"]
HOST = str(ROOT / "core" / "host" / "host")
SECONDS = 60


def launch(sockets, arguments, names=None, pid=None, environment=None):
    """Starts the host with `sockets` passed, as if by systemd."""

    def pass_sockets():
        # Above all numbers that are to be used, then to their places.
        high = [os.dup2(each, 100 + i) for i, each in enumerate(sockets)]
        for i, each in enumerate(high):
            os.dup2(each, 3 + i, inheritable=True)
            os.close(each)
        os.environ["LISTEN_FDS"] = str(len(sockets))
        os.environ["LISTEN_PID"] = str(pid if pid else os.getpid())
        if names is not None:
            os.environ["LISTEN_FDNAMES"] = ":".join(names)
        os.environ.update(environment or {})

    return subprocess.Popen(
        [HOST] + arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        close_fds=False,
        preexec_fn=pass_sockets)


def get(address, family=socket.AF_INET):
    """What comes of a byte sent there."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(SECONDS)
        client.connect(address)
        client.sendall(b"ping")
        return client.recv(4)


class Test(unittest.TestCase):
    def setUp(self):
        # Not TEST_TMPDIR: its name may be longer than a Unix address.
        self.folder = tempfile.mkdtemp(prefix="activation.", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder)

    def tcp(self):
        return self.kept(socket.create_server(("127.0.0.1", 0)))

    def kept(self, open_socket):
        """Closed when the test ends, however that is."""
        open_socket.settimeout(SECONDS)
        self.addCleanup(open_socket.close)
        return open_socket

    def end(self, host):
        host.send_signal(signal.SIGTERM)
        output, errors = host.communicate(timeout=SECONDS)
        self.assertEqual(host.returncode, 0, errors.decode())
        return output.decode(), errors.decode()

    def refused(self, code, *args, **more):
        host = launch(*args, **more)
        _, errors = host.communicate(timeout=SECONDS)
        self.assertEqual(host.returncode, code, errors.decode())
        self.assertEqual(errors.decode().count("\n"), 1, errors.decode())
        return errors.decode()

    def test_all_sockets_are_served(self):
        first, second = self.tcp(), self.tcp()
        host = launch([first.fileno(), second.fileno()],
                      ["echo", "--workers=2", "--listen=systemd"])
        for each in (first, second):
            # It waits in the backlog until the host accepts.
            self.assertEqual(get(each.getsockname()), b"ping")
        output, _ = self.end(host)
        for each in (first, second):
            self.assertIn(":%d" % each.getsockname()[1], output)

    def test_sockets_are_served_by_name(self):
        web, admin = self.tcp(), self.tcp()
        host = launch([web.fileno(), admin.fileno()],
                      ["echo", "--workers=1", "--listen=systemd:admin"],
                      names=["web", "admin"])
        self.assertEqual(get(admin.getsockname()), b"ping")
        output, _ = self.end(host)
        self.assertNotIn(":%d" % web.getsockname()[1], output)

    def test_file_of_a_unix_socket_stays_the_service_managers(self):
        path = self.folder + "/s"
        listener = self.kept(
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        listener.bind(path)
        listener.listen()
        for _ in range(2):
            host = launch([listener.fileno()],
                          ["echo", "--workers=1", "--listen=systemd"])
            self.assertEqual(get(path, socket.AF_UNIX), b"ping")
            self.end(host)
            self.assertTrue(os.path.exists(path))

    def test_what_waits_while_nobody_runs_is_served_by_the_next(self):
        listener = self.tcp()
        self.end(self.started(listener))
        client = socket.create_connection(listener.getsockname(), SECONDS)
        client.sendall(b"ping")
        host = self.started(listener)
        self.assertEqual(client.recv(4), b"ping")
        client.close()
        self.end(host)

    def started(self, listener):
        host = launch([listener.fileno()],
                      ["echo", "--workers=1", "--listen=systemd"])
        self.assertEqual(get(listener.getsockname()), b"ping")
        return host

    def test_workers_have_none_of_it(self):
        listener = self.tcp()
        notify = self.notify_socket()
        host = launch([listener.fileno()],
                      ["echo", "--workers=1", "--listen=systemd"],
                      names=["web"],
                      environment={"NOTIFY_SOCKET": notify.getsockname()})
        self.assertEqual(notify.recv(100), b"READY=1")
        children = pathlib.Path(
            "/proc/%d/task/%d/children" % (host.pid, host.pid)).read_text()
        worker = int(children.split()[0])
        environment = pathlib.Path("/proc/%d/environ" % worker).read_bytes()
        for name in (b"LISTEN_FDS", b"LISTEN_PID", b"LISTEN_FDNAMES",
                     b"NOTIFY_SOCKET"):
            self.assertNotIn(name + b"=", environment)
        self.end(host)

    def notify_socket(self):
        notify = self.kept(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        notify.bind(self.folder + "/notify")
        return notify

    def test_service_manager_is_told_of_beginning_and_end(self):
        notify = self.notify_socket()
        host = launch([self.tcp().fileno()], ["--listen=127.0.0.1:0", "--workers=1"],
                      environment={"NOTIFY_SOCKET": notify.getsockname()})
        self.assertEqual(notify.recv(100), b"READY=1")
        self.end(host)
        self.assertEqual(notify.recv(100), b"STOPPING=1")

    def test_service_manager_is_told_of_a_reload(self):
        notify = self.notify_socket()
        listener = self.tcp()
        host = launch([listener.fileno()],
                      ["echo", "--listen=systemd", "--workers=2"],
                      environment={"NOTIFY_SOCKET": notify.getsockname()})
        self.assertEqual(notify.recv(100), b"READY=1")
        for _ in range(2):
            sent = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            host.send_signal(signal.SIGHUP)
            reloading, at = notify.recv(100).decode().split("\n")
            self.assertEqual(reloading, "RELOADING=1")
            name, number = at.split("=")
            self.assertEqual(name, "MONOTONIC_USEC")
            self.assertGreaterEqual(int(number), sent)
            self.assertEqual(get(listener.getsockname()), b"ping")
            self.assertEqual(notify.recv(100), b"READY=1")
        _, errors = self.end(host)
        self.assertEqual(notify.recv(100), b"STOPPING=1")
        for worker in range(1, 7):
            self.assertIn("worker %d" % worker, errors)
        self.assertNotIn("worker 7", errors)

    def test_reload_of_young_workers_is_no_reason_to_give_up(self):
        notify = self.notify_socket()
        host = launch([self.tcp().fileno()],
                      ["echo", "--listen=systemd", "--workers=2"],
                      environment={"NOTIFY_SOCKET": notify.getsockname()})
        self.assertEqual(notify.recv(100), b"READY=1")
        # More than may be restarted for other reasons in the time.
        for _ in range(6):
            host.send_signal(signal.SIGHUP)
            self.assertIn(b"RELOADING=1", notify.recv(100))
            self.assertEqual(notify.recv(100), b"READY=1")
        self.end(host)

    def test_end_comes_before_the_rest_of_a_reload(self):
        notify = self.notify_socket()
        listener = self.tcp()
        host = launch([listener.fileno()],
                      ["echo", "--listen=systemd", "--workers=1"],
                      environment={"NOTIFY_SOCKET": notify.getsockname()})
        self.assertEqual(notify.recv(100), b"READY=1")
        # Its worker has an open connection, so that the reload has to wait.
        client = self.kept(socket.create_connection(listener.getsockname()))
        client.settimeout(SECONDS)
        client.sendall(b"ping")
        self.assertEqual(client.recv(4), b"ping")
        host.send_signal(signal.SIGHUP)
        self.assertIn(b"RELOADING=1", notify.recv(100))
        host.send_signal(signal.SIGTERM)
        self.assertEqual(notify.recv(100), b"STOPPING=1")
        client.close()
        host.communicate(timeout=SECONDS)
        self.assertEqual(host.returncode, 0)
        notify.setblocking(False)
        self.assertRaises(BlockingIOError, notify.recv, 100)

    def test_what_is_wrong_is_one_line(self):
        listener = self.tcp()
        fd = listener.fileno()
        flag = ["--listen=systemd:other"]
        self.assertIn("no socket of that name, but: web",
                      self.refused(2, [fd], flag, names=["web"]))
        self.assertIn("systemd passed no sockets",
                      self.refused(2, [fd], ["--listen=systemd"], pid=1))
        self.assertIn("must have 1 names",
                      self.refused(2, [fd], flag, names=["a", "b"]))
        datagram = self.kept(
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagram.bind(("127.0.0.1", 0))
        self.assertIn("takes no datagrams",
                      self.refused(2, [datagram.fileno()],
                                   ["echo", "--listen=systemd"]))
        idle = self.kept(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        self.assertIn("neither a listening stream socket",
                      self.refused(3, [idle.fileno()], ["--listen=systemd"]))

    def test_activated_by_systemd_itself(self):
        activate = shutil.which("systemd-socket-activate")
        if activate is None:
            self.skipTest("no systemd-socket-activate here")
        path = self.folder + "/s"
        launcher = subprocess.Popen(
            [activate, "--listen=" + path, HOST, "echo", "--workers=1",
             "--listen=systemd"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        while not os.path.exists(path):
            self.assertIsNone(launcher.poll())
        # The first connection starts the host, in the place of the launcher.
        self.assertEqual(self.patiently(path), b"ping")
        self.end(launcher)

    def patiently(self, path):
        while True:
            try:
                return get(path, socket.AF_UNIX)
            except ConnectionRefusedError:
                continue  # bound, and does not listen yet


if __name__ == "__main__":
    unittest.main()
