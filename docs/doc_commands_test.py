"""Runs what the documentation shows; doc_page.py says what is marked how.

Commands run as they stand, but for ports: in the page's own temporary folder,
where `bazel run host --` and `host` are the real host (two workers and a free
port unless the command says otherwise), `./setup` does nothing, and of this
repository only the headers of the plugin ABI and SDK are there.
"""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import doc_page

ROOT = os.getcwd()
HOST = os.path.join(ROOT, "core/host/host")
DEADLINE_S = 20

# Stands for `bazel run TARGET -- ...`, from where it was typed.
BAZEL = """#!/bin/sh
export BUILD_WORKING_DIRECTORY=$PWD BUILD_WORKSPACE_DIRECTORY=$HOME
case "$1 $2" in
  "run host") program=host ;;
  "run //:install") program=%(root)s/tools/install/install ;;
  "run //tools/new_plugin") program=%(root)s/tools/new_plugin/new_plugin ;;
  "run //tools/plugin_check") program=%(root)s/tools/plugin_check/plugin_check ;;
  *) echo "not in a test: bazel $*" >&2; exit 1 ;;
esac
shift 2
[ "${1-}" = -- ] && shift
exec "$program" "$@"
"""
HOST_SCRIPT = """#!/bin/sh
workers=--workers=2 listen=--listen=127.0.0.1:%(port)s
for argument in "$@"; do
  case $argument in
    --) break ;;
    --workers*) workers= ;;
    --listen*) listen= ;;
  esac
done
exec %(host)s $workers $listen "$@"
"""


def free_port():
    """Returns a port that nobody listens on. It is below those that the kernel
    gives to clients, so that no other test's connection takes it meanwhile.
    """
    while True:
        port = random.randrange(10240, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def is_connected(port):
    """Whether a connection to it is open at the server's end."""
    states = ("01", "08")  # ESTABLISHED, CLOSE_WAIT
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return any(int(row[1].split(":")[1], 16) == port and row[3] in states
               for row in rows)


class Server:
    """A command that goes on running, in a process group of its own."""

    def __init__(self, command, folder, environment, fds=()):
        self.command = command
        self.lines = []  # not yet accounted for
        self._changed = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            ["bash", "-c", command], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, pass_fds=fds)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_until(self, happened):
        """Waits until happened(lines), at most until the output ends."""
        with self._changed:
            self._changed.wait_for(
                lambda: happened(self.lines) or self._ended, DEADLINE_S)
            return happened(self.lines)

    def interrupt(self):
        """As Ctrl-C does: the whole process group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def terminate(self):
        """As a supervisor does: the command alone."""
        self._process.terminate()

    def wait(self):
        """Returns the exit code."""
        return self._process.wait(DEADLINE_S)

    def close(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        # Workers end with their primary; whoever still holds the pipe does not.
        self._reader.join(DEADLINE_S)
        self._process.stdout.close()


class Page:
    """One page, run from its beginning to its end."""

    def __init__(self, test, path):
        self.test = test
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.blocks = doc_page.blocks(path, file.read())
        self.names = doc_page.Names(free_port)
        # Not $TEST_TMPDIR: the path of a Unix socket has at most 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="doc_commands.", dir="/tmp")
        self.server = None
        self.extra_allowed = False
        self.commands_run = 0
        test.addCleanup(self._clean_up)
        self._furnish()

    def _furnish(self):
        for name in ("plugins/abi", "plugins/sdk"):
            target = os.path.join(self.folder, name)
            os.makedirs(target)
            for header in os.listdir(os.path.join(ROOT, name)):
                if header.endswith(".h"):
                    shutil.copyfile(os.path.join(ROOT, name, header),
                                    os.path.join(target, header))
        zone = "plugins/dns/example.org.zone"
        os.makedirs(os.path.join(self.folder, "plugins/dns"))
        shutil.copyfile(os.path.join(ROOT, zone),
                        os.path.join(self.folder, zone))
        os.mkdir(os.path.join(self.folder, "bin"))
        # What builds by hand takes the headers from a folder of that name.
        os.symlink(".", os.path.join(self.folder, "cluster"))
        self._script("bin/bazel", BAZEL % {"root": ROOT})
        self._script("bin/host", HOST_SCRIPT % {
            "host": HOST, "port": self.names.port("8080")})
        self._script("setup", "#!/bin/sh\n")
        self.environment = {
            "PATH": os.path.join(self.folder, "bin") + ":/usr/bin:/bin",
            "HOME": self.folder, "LC_ALL": "C",
            "TEST_SRCDIR": os.environ["TEST_SRCDIR"],
            "RUNFILES_DIR": os.environ["TEST_SRCDIR"]}

    def _script(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def _clean_up(self):
        if self.server:
            self.server.close()
        shutil.rmtree(self.folder)

    def run(self):
        acts = {"file": self._write, "runs": self._run, "serves": self._serve,
                "goes on": self._go_on, "starts": self._start}
        for block in self.blocks:
            if block.mark in acts:
                with self.test.subTest(page=self.path, line=block.line):
                    acts[block.mark](block)
        self.test.assertIsNone(self.server, f"{self.path}: a host goes on")

    def _write(self, block):
        with open(os.path.join(self.folder, block.detail), "w",
                  encoding="utf-8") as file:
            file.write(block.text)

    def _fill_in(self, command):
        """Nothing is installed outside of the page's folder."""
        return self.names.fill_in(command).replace(
            "/opt/", self.folder + "/opt/")

    def _shell(self, *arguments):
        self.commands_run += 1
        return subprocess.run(
            ["bash", *arguments], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=DEADLINE_S, check=False)

    def _run(self, block):
        if block.language == "sh":
            done = self._shell("-e", "-c", self._fill_in(block.text))
            self.test.assertEqual(done.returncode, 0,
                                  block.text + done.stdout.decode())
            return
        for command, shown in doc_page.commands(block):
            if command.startswith("kill"):
                self._await_no_connections()
            done = self._shell("-c", self._fill_in(command))
            lines = done.stdout.decode().replace("\r", "").splitlines()
            self.test.assertTrue(
                doc_page.same_lines(shown, lines, self.names),
                f"{command}\nshown:\n" + "\n".join(shown) + "\nprinted:\n"
                + "\n".join(lines))

    def _await_no_connections(self):
        """A reader's curl has long ended when the next command is typed; a
        worker killed right after it would rightly count it as lost."""
        deadline = time.monotonic() + DEADLINE_S
        while is_connected(int(self.names.port("8080"))):
            self.test.assertLess(time.monotonic(), deadline, "clients stay")
            time.sleep(0.005)  # lint: allow(sleep) because nobody tells of it

    def _serve(self, block):
        self.test.assertIsNone(self.server, "a host runs already")
        (command, shown), = doc_page.commands(block)
        self.server = Server(self.names.fill_in(command), self.folder,
                             self.environment)
        self.extra_allowed = False
        self.commands_run += 1
        self._expect(shown)

    def _expect(self, shown):
        """Waits until the server has printed the shown lines."""
        self.extra_allowed |= "..." in shown
        missing = list(shown)

        def all_there(lines):
            missing[:] = doc_page.take_lines(missing, lines, self.names)
            return not missing

        self.test.assertTrue(
            self.server.wait_until(all_there),
            f"{self.server.command}\nnot printed:\n" + "\n".join(missing)
            + "\nprinted:\n" + "\n".join(self.server.lines))

    def _go_on(self, block):
        shown = block.text.splitlines()
        if "^C" not in shown:
            self._expect(shown)
            return
        at = shown.index("^C")
        self._expect(shown[:at])
        server = self.server
        try:
            server.interrupt()
            self._expect(shown[at + 1:])
            self.test.assertEqual(server.wait(), 0, server.command)
            if not self.extra_allowed:
                self.test.assertEqual(server.lines, [])
        finally:
            server.close()
            self.server = None

    def _start(self, block):
        for line in block.text.splitlines():
            if line.startswith("#") or not line:
                continue
            self._start_one(self._fill_in(line),
                            needs_fd=block.detail == "fd 3")

    def _start_one(self, command, needs_fd):
        listener = socket.create_server(("127.0.0.1", 0)) if needs_fd else None
        fds = (listener.fileno(),) if listener else ()
        inherit = f" 3<&{fds[0]}" if fds else ""
        server = Server("exec " + command + inherit, self.folder,
                        self.environment, fds)
        try:
            up = server.wait_until(lambda lines: any(
                re.search(r"\blistening\b\W*$", line) for line in lines))
            self.test.assertTrue(up, command + "\n" + "\n".join(server.lines))
            self.commands_run += 1
            server.terminate()
            self.test.assertEqual(server.wait(), 0, command)
        finally:
            server.close()
            if listener is not None:
                listener.close()


class DocCommandsTest(unittest.TestCase):
    def setUp(self):
        self.began = time.monotonic()

    def check(self, path):
        page = Page(self, path)
        self.assertEqual(doc_page.unmarked(page.blocks), [],
                         "say what to do with these")
        page.run()
        self.assertGreater(page.commands_run, 0, "no command was found")
        print(f"{path}: {page.commands_run} commands, "
              f"{time.monotonic() - self.began:.1f} s")

    def test_readme(self):
        self.check("README.md")

    def test_host_page(self):
        self.check("docs/host.md")

    def test_dns_page(self):
        self.check("plugins/dns/README.md")

    def test_static_files_page(self):
        self.check("plugins/static_files/README.md")

    def test_resp_kv_page(self):
        self.check("plugins/resp_kv/README.md")

    def test_plugin_abi_page(self):
        self.check("docs/plugin_abi.md")


class RuleTest(unittest.TestCase):
    def test_the_shown_rules_are_those_that_are_built(self):
        with open("README.md", encoding="utf-8") as file:
            shown = [b.text for b in doc_page.blocks("README.md", file.read())
                     if b.language == "python"]
        with open("docs/BUILD.bazel", encoding="utf-8") as file:
            built = file.read()
        self.assertEqual(len(shown), 2, "a plugin and a program")
        for rule in shown:
            for part in rule.strip().split("\n\n"):
                self.assertIn(part, built)


class OptionsTest(unittest.TestCase):
    """docs/host.md has every option of the host, and no other."""

    def setUp(self):
        self.help = subprocess.run([HOST, "--help"], capture_output=True,
                                   check=True, text=True).stdout
        with open("docs/host.md", encoding="utf-8") as file:
            self.page = file.read()

    def test_options_and_their_defaults(self):
        described = dict(re.findall(
            r"^  --(\w+)(?:=\S+)?\s+(.*?)(?=^  --|^\S|^$)", self.help,
            re.MULTILINE | re.DOTALL))
        self.assertGreater(len(described), 10)
        rows = dict(re.findall(r"^\| `--(\w+)[^`]*` \|([^|]*)\|", self.page,
                               re.MULTILINE))
        self.assertEqual(sorted(rows), sorted(described))
        for name, text in described.items():
            default = re.search(r"\(default: ([^,)]+)", text)
            if default:
                self.assertIn(default.group(1), rows[name], name)

    def test_exit_codes(self):
        codes = re.search(r"Exit codes: (.*)", self.help, re.DOTALL).group(1)
        rows = re.findall(r"^\| (\d+) \|", self.page, re.MULTILINE)
        self.assertEqual(sorted(rows), sorted(re.findall(r"\b\d+\b", codes)))


class DocPageTest(unittest.TestCase):
    """What finds commands and compares output."""

    TEXT = ("x\n<!-- runs -->\n```console\n$ a \\\n  b\nout\n$ c\n```\n"
            "```sh\nd\n```\n")

    def test_blocks_and_commands(self):
        first, second = doc_page.blocks("p", self.TEXT)
        self.assertEqual(doc_page.commands(first),
                         [("a \\\n  b", ["out"]), ("c", [])])
        self.assertEqual(doc_page.unmarked([first, second]), [second])

    def test_a_mark_needs_a_block(self):
        with self.assertRaises(doc_page.PageError):
            doc_page.blocks("p", "<!-- runs -->\n\n```sh\n```\n")

    def test_output_is_compared(self):
        names = doc_page.Names(lambda: 12345)
        log = "2026-11-22T16:15:31.661Z INFO  worker 1 [4711] fork"
        self.assertTrue(names.matches(
            log, "2030-01-02T03:04:05.678Z INFO  worker 1 [99] fork"))
        self.assertEqual(names.fill_in("kill 4711; curl :8080"),
                         "kill 99; curl :12345")
        self.assertFalse(names.matches(log, log))
        self.assertFalse(names.matches("a 1", "a 2"))
        self.assertTrue(names.matches("path   /tmp/x.so", "path   /a/b/x.so"))
        self.assertFalse(names.matches("path   /tmp/x.so", "path   /tmp/y.so"))
        self.assertTrue(names.matches("build id   0a", "build id   ff9"))
        self.assertTrue(doc_page.same_lines(["a", "...", "c"],
                                            ["a", "b", "b", "c"], names))
        self.assertFalse(doc_page.same_lines(["a"], ["a", "b"], names))
        lines = ["b", "a", "c"]
        self.assertEqual(doc_page.take_lines(["a", "b", "d"], lines, names),
                         ["d"])
        self.assertEqual(lines, ["c"])


if __name__ == "__main__":
    unittest.main()
