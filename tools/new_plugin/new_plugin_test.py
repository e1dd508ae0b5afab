"""What new_plugin writes, and what it refuses."""

import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import new_plugin

GOLDEN = "tools/new_plugin/golden"


class NewPluginTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.workspace = scratch.name
        os.makedirs(os.path.join(self.workspace, "plugins"))

    def run_it(self, *arguments):
        return new_plugin.run(arguments, self.workspace, self.workspace)

    def refuses(self, text, *arguments, code=2):
        with self.assertRaises(new_plugin.Refusal) as refused:
            self.run_it(*arguments)
        self.assertIn(text, str(refused.exception))
        self.assertNotIn("\n", str(refused.exception))
        self.assertEqual(refused.exception.code, code)

    def test_writes_what_is_golden(self):
        os.makedirs(os.path.join(self.workspace, GOLDEN))
        for kind in ("c", "cpp", "lambda"):
            name = "sample_" + kind
            self.run_it(name, "--" + kind, "--dir=" + GOLDEN)
            made = os.path.join(self.workspace, GOLDEN, name)
            kept = os.path.join(GOLDEN, name)
            self.assertEqual(sorted(os.listdir(made)),
                             sorted(os.listdir(kept)))
            for file in os.listdir(made):
                with open(os.path.join(made, file), encoding="utf-8") as one, \
                     open(os.path.join(kept, file), encoding="utf-8") as other:
                    # But for what lets this test see the kept ones.
                    golden = other.read().split("\n# Not written by")[0]
                    self.assertEqual(one.read(), golden, file)

    def test_is_a_package_of_plugins_and_says_how_to_test_it(self):
        told = self.run_it("my_service")
        self.assertTrue(told.endswith("Next: bazel test //plugins/my_service:"
                                      "all\n"), told)
        folder = os.path.join(self.workspace, "plugins/my_service")
        self.assertIn(os.path.join(folder, "my_service.cc"), told)
        with open(os.path.join(folder, "my_service.cc"),
                  encoding="utf-8") as file:
            self.assertIn("class MyServiceWorker :", file.read())
        self.assertEqual(os.listdir(os.path.join(self.workspace, "plugins")),
                         ["my_service"])

    def test_refuses_what_exists(self):
        self.run_it("mine")
        self.refuses("mine exists: choose another name", "mine", code=1)
        os.symlink("nowhere", os.path.join(self.workspace, "plugins/linked"))
        self.refuses("linked exists", "linked", code=1)

    def test_refuses_what_cannot_be_written(self):
        with open(os.path.join(self.workspace, "file"), "w",
                  encoding="utf-8"):
            pass
        for folder in ("file", "file/below"):
            self.refuses("cannot write to ", "mine", "--dir=" + folder, code=1)

    def test_makes_the_folder_it_is_to_write_to(self):
        self.run_it("mine", "--standalone", "--dir=new/below")
        self.assertIn("Makefile", os.listdir(
            os.path.join(self.workspace, "new/below/mine")))

    def test_refuses_names(self):
        for name in ("1st", "my-service", "a/b", "..", "é", "a b", "_", "a\n"):
            self.refuses("is no name for a plugin", name)
        self.refuses("at most 47", "a" * 48)
        self.run_it("a" * 47)

    def test_refuses_wrong_use(self):
        self.refuses("no NAME")
        self.refuses("b is a second NAME", "a", "b")
        self.refuses("unknown flag --rust", "a", "--rust")
        self.refuses("--c and --cpp exclude each other", "a", "--c", "--cpp")
        self.refuses("--dir= is empty", "a", "--dir=")
        self.refuses("is not in this workspace: add --standalone", "a",
                     "--dir=..")
        with self.assertRaisesRegex(new_plugin.Refusal, "no workspace"):
            new_plugin.run(["a"], None, self.workspace)

    def test_helps(self):
        self.assertIn("--standalone", self.run_it("--help"))


if __name__ == "__main__":
    unittest.main()
