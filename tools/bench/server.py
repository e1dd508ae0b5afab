"""One server under measurement: starts it, waits for it, ends all of it."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import contenders
import process_tree

_HERE = os.path.dirname(os.path.realpath(__file__))
_READY_S = 15.0
_END_S = 5.0
_ALL_WORKERS_S = 0.5


_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ServerError(Exception):
    """The server did not start."""


def free_port():
    """A port below the ephemeral range that nobody listens on.

    Ephemeral ones may be taken by the load's own connections.
    """
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue


def _end_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """A running contender. Use as a context manager."""

    def __init__(self, contender, workers, built,
                 all_workers_s=_ALL_WORKERS_S):
        """`all_workers_s` is how long every worker is awaited at most, after
        the first: some servers always let the same one answer."""
        self._all_workers_s = all_workers_s
        self.contender = contender
        self.workers = workers
        self.port = free_port()
        self._built = built
        self._process = None
        self._scratch = tempfile.mkdtemp(prefix='cluster-bench-')
        self._log = open(os.path.join(self._scratch, 'log'), 'w+b')

    def _start(self):
        contender = self.contender
        # nginx workers that run as another user enter it.
        os.chmod(self._scratch, 0o755)
        values = {'port': self.port, 'workers': self.workers, 'bench': _HERE,
                  'scratch': self._scratch}
        if contender.template:
            self._fill_in(contender.template, values)
        try:
            # A session of its own: with autogroup the kernel then shares the
            # machine fairly between server and load.
            self._process = subprocess.Popen(
                contenders.command(contender, self._built, **values),
                env=os.environ | dict(v.split('=', 1) for v in contender.env),
                stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                start_new_session=True, preexec_fn=_end_with_parent)
        except OSError as error:
            raise ServerError(str(error)) from error

    def _fill_in(self, template, values):
        with open(os.path.join(_HERE, template), encoding='utf-8') as file:
            text = file.read()
        for name in ('port', 'workers', 'bench'):
            text = text.replace('{' + name + '}', str(values[name]))
        os.mkdir(os.path.join(self._scratch, 'temp'))
        path = os.path.join(self._scratch, 'server.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    @property
    def pid(self):
        """Of the process that was started, the root of the tree."""
        return self._process.pid

    def log(self):
        """What the server has printed so far."""
        self._log.flush()
        with open(self._log.name, encoding='utf-8', errors='replace') as file:
            return file.read()

    def __enter__(self):
        try:
            self._start()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()

    def _wait_until_ready(self):
        end = time.monotonic() + _READY_S
        while not self._ask():
            if self._process.poll() is not None:
                raise ServerError(f'ended: {self.log().strip()[-300:]}')
            if time.monotonic() > end:
                raise ServerError(f'not reachable after {_READY_S:g} s')
            time.sleep(0.02)
        # The first answer may come before the last worker is there.
        seen = set()
        end = time.monotonic() + self._all_workers_s
        while len(seen) < self.workers and time.monotonic() < end:
            seen.add(self._ask())
            time.sleep(0.002)

    def _ask(self):
        """The worker that answers one request; '' when none does."""
        request = (b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n'
                   b'Connection: close\r\n\r\n')
        answer = b''
        try:
            with socket.create_connection(('127.0.0.1', self.port),
                                          timeout=2) as connection:
                connection.sendall(request)
                while data := connection.recv(4096):
                    answer += data
        except OSError:
            return ''
        for line in answer.split(b'\r\n'):
            name, _, value = line.partition(b':')
            if name.lower() == b'x-worker':
                return value.strip().decode('latin1')
        return 'unnamed' if answer.startswith(b'HTTP/1.1 200') else ''

    def stop(self):
        """Ends every process of the server and removes its files."""
        # An interrupt must not leave half of it behind.
        signals = {signal.SIGINT, signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        try:
            if self._process:
                self._end_processes()
            self._log.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _end_processes(self):
        tree = process_tree.members(self.pid)
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._kill_leftovers(tree)

    def _kill_leftovers(self, tree):
        # A number counts only together with its session: it may be in use
        # again.
        known = {p.pid: p.session for p in tree if p.pid != self.pid}
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            left = process_tree.still_there(self.pid, known)
            if not left:
                return
            time.sleep(0.02)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
