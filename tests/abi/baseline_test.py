"""The headers run what was built for every minor since the oldest that counts.

A failure means that a plugin that is in use would break: put the addition at
the end, or give the changed service a new id. If the minor was never released,
renew its baseline:

    python3 -B tests/abi/renew_baseline.py
"""

import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import snapshot
import verdict

BASELINES = "tests/abi/baseline"


@unittest.skipUnless(shutil.which("abidiff"), "abigail-tools not installed")
class BaselineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.probe = snapshot.build_probe(".", cls.scratch.name)
        cls.major, cls.minor, cls.oldest = snapshot.version_of(".")

    def folders(self):
        return [os.path.join(BASELINES, f"{self.major}.{minor}")
                for minor in range(self.oldest, self.minor + 1)]

    def test_every_minor_that_runs_has_a_baseline(self):
        self.assertEqual([folder for folder in self.folders()
                          if not os.path.isdir(folder)], [],
                         "no baseline; see the top of this file")

    def test_structs_only_grew(self):
        for folder in self.folders():
            with self.subTest(folder):
                report = snapshot.compare(
                    os.path.join(folder, snapshot.STRUCTS_FILE), self.probe)
                breaks = verdict.breaks_in_structs(
                    report, snapshot.growable_structs("."))
                self.assertEqual(breaks, [], f"{report}\n{__doc__}")

    def test_constants_stayed(self):
        new = snapshot.constants_of(".")
        for folder in self.folders():
            with self.subTest(folder):
                old = snapshot.read_constants(
                    os.path.join(folder, snapshot.CONSTANTS_FILE))
                self.assertGreater(len(old), 20)
                self.assertEqual(verdict.breaks_in_constants(old, new), [],
                                 __doc__)

    def test_baselines_name_no_path_of_a_machine(self):
        for folder in self.folders():
            with open(os.path.join(folder, snapshot.STRUCTS_FILE),
                      encoding="utf-8") as file:
                text = file.read()
            self.assertIn(" path='probe.c' ", text)
            self.assertNotIn("='/", text)


if __name__ == "__main__":
    unittest.main()
