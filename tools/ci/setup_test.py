"""Tests of ./setup, with a dpkg-query and an apt-get that only pretend."""

import os
import resource
import subprocess
import tempfile
import unittest

SETUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../setup")

# Both are given the folder in which they find "installed", a package a line.
DPKG_QUERY = r"""#!/bin/sh
shift 3
status=0
for name; do
  if grep -qx -e "$name" "$FAKES/installed"; then
    echo "ii |$name"
  else
    echo "dpkg-query: no packages found matching $name" >&2
    status=1
  fi
done
exit "$status"
"""
APT_GET = r"""#!/bin/sh
echo "$*" >>"$FAKES/calls"
[ "$1" = install ] || exit 0
for word; do
  case $word in
    install | -*) ;;
    *) echo "$word" >>"$FAKES/installed" ;;
  esac
done
"""
BROKEN = """#!/bin/sh
echo "it is broken" >&2
exit 2
"""


class SetupTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write("installed", "")
        self.write("calls", "")
        self.fake("dpkg-query", DPKG_QUERY)
        self.fake("apt-get", APT_GET)
        self.fake("sudo", '#!/bin/sh\nexec "$@"\n')

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read().splitlines()

    def fake(self, name, script):
        self.write(name, script)
        os.chmod(os.path.join(self.folder, name), 0o755)

    def run_setup(self, *arguments):
        environment = dict(os.environ, FAKES=self.folder,
                           PATH=self.folder + ":" + os.environ["PATH"])
        return subprocess.run([SETUP, *arguments], env=environment,
                              capture_output=True, text=True, check=False)

    def install_all(self):
        self.assertEqual(self.run_setup().returncode, 0)
        self.write("calls", "")

    def test_dry_run_says_what_is_missing_and_why(self):
        done = self.run_setup("--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\n  clang-19 +the compiler\n")
        self.assertIn("nothing was installed", done.stdout)
        self.assertEqual(self.read("calls"), [])

    def test_installs_what_is_missing_and_no_more(self):
        self.install_all()
        have = self.read("installed")
        self.assertIn("clang-19", have)
        self.write("installed",
                   "\n".join(name for name in have
                             if name not in ("curl", "wrk")) + "\n")
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("calls"),
                         ["update -q",
                          "install -q -y --no-install-recommends curl wrk"])

    def test_second_run_does_nothing(self):
        self.install_all()
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("everything is installed", done.stdout)
        self.assertEqual(self.read("calls"), [])

    def test_what_only_some_want_is_asked_for(self):
        self.install_all()
        self.assertNotIn("rustc", self.read("installed"))
        self.assertEqual(self.run_setup("--rust").returncode, 0)
        self.assertIn("rustc", self.read("installed"))
        self.assertNotIn("nodejs", self.read("installed"))

    def test_broken_database_is_not_an_empty_one(self):
        self.fake("dpkg-query", BROKEN)
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("it is broken", done.stderr)
        self.assertIn("dpkg-query failed (2)", done.stderr)
        self.assertEqual(self.read("calls"), [])

    def test_installation_that_fails_is_told(self):
        self.fake("apt-get", BROKEN)
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get update failed", done.stderr)

    def test_installation_that_does_not_install_is_told(self):
        self.fake("apt-get", "#!/bin/sh\n")
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("yet this is missing: bazel-bootstrap", done.stderr)

    def test_unknown_flag_is_wrong_use(self):
        done = self.run_setup("--all")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown flag --all", done.stderr)

    def test_costs_less_than_a_second_where_nothing_is_missing(self):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([SETUP, "--dry-run"], capture_output=True,
                              text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(after.ru_utime + after.ru_stime -
                        before.ru_utime - before.ru_stime, 1)


if __name__ == "__main__":
    unittest.main()
