"""Tests of style: each rule can fail, and what is fine passes."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import style


def failures(files):
    return style.check(files)[0]


class LengthTest(unittest.TestCase):
    def check(self, path, count):
        return style.check({path: "x\n" * count})

    def test_header(self):
        self.assertEqual(self.check("a.h", 150), ([], []))
        self.assertEqual(len(self.check("a.h", 151)[1]), 1)
        self.assertEqual(len(self.check("a.h", 301)[0]), 1)

    def test_source(self):
        self.assertEqual(self.check("a.cc", 400), ([], []))
        self.assertEqual(len(self.check("a.cc", 401)[0]), 1)

    def test_others_have_no_limit(self):
        self.assertEqual(self.check("a.py", 5000), ([], []))


class LineTest(unittest.TestCase):
    def assert_fails(self, path, line):
        self.assertEqual(len(failures({path: line + "\n"})), 1, line)

    def assert_passes(self, path, line):
        self.assertEqual(failures({path: line + "\n"}), [], line)

    def test_trailing_whitespace(self):
        self.assert_fails("a.cc", "int a; ")
        self.assert_fails("a.cc", "int a;\r")
        self.assert_passes("a.cc", "int a;")

    def test_last_newline(self):
        self.assertEqual(len(failures({"a.cc": "int a;"})), 1)
        self.assertEqual(failures({"empty": ""}), [])

    def test_sleep_in_tests(self):
        for call in ["sleep(1);", "usleep (5);", "absl::SleepFor(d);",
                     "std::this_thread::sleep_for(d);"]:
            self.assert_fails("ipc/a_test.cc", call)
            self.assert_fails("tests/chaos/a.cc", call)
            self.assert_passes("ipc/a.cc", call)
        self.assert_fails("tests/a.py", "time.sleep(1)")
        self.assert_passes(
            "tests/plugins/stuck.c",
            "sleep(9);  // lint: allow(sleep) because it plays a stuck worker")
        self.assert_passes("ipc/a_test.cc", "Oversleep(1);")

    def test_todo(self):
        self.assert_passes("a.cc", "// TODO(#12): when Bazel 5 is here")
        for line in ["// TODO: later", "// FIXME", "// TODO(me): x",
                     "// TODO(#12):"]:
            self.assert_fails("a.cc", line)

    def test_machine_paths(self):
        for folder in ["home", "root", "work"]:
            self.assert_fails("a.md", f"see /{folder}/me/x")
        self.assert_passes("a.md", "see docs/home/x and ~/home/x, /usr/x")


class LinkTest(unittest.TestCase):
    def test_links_resolve(self):
        files = {"docs/a.md": "# One `two`, three\n[x](b.md#one-two-three) "
                              "[y](../core) [z](https://x.y/z) [w](#one-two-"
                              "three)\n",
                 "docs/b.md": "## One `two`, three\n",
                 "core/base/x.h": ""}
        self.assertEqual(failures(files), [])

    def test_dead_links_fail(self):
        files = {"docs/a.md": "[x](missing.md) [y](b.md#nowhere)\n",
                 "docs/b.md": "# B\n"}
        self.assertEqual(len(failures(files)), 2)

    def test_code_blocks_are_not_links(self):
        self.assertEqual(
            failures({"a.md": "```cpp\nauto f = [x](int) { };\n```\n"}), [])

    def test_code_in_a_line_is_no_link_but_may_name_one(self):
        self.assertEqual(failures({"a.md": "`[x](int n)` and `y`\n"}), [])
        self.assertEqual(len(failures({"a.md": "[`x`](missing.md)\n"})), 1)

    def test_comments_name_documents_that_exist(self):
        files = {"docs/a.md": "# A\n", "a.h": "// See docs/a.md.\n"}
        self.assertEqual(failures(files), [])
        files["a.h"] = "// See docs/b.md.\n"
        self.assertEqual(len(failures(files)), 1)


class CodeNamesTest(unittest.TestCase):
    FILES = {"core/a.h": "class Acceptor { void Take(); };"}

    def problems(self, text):
        return style.check_code_names({"docs/a.md": text}, self.FILES)

    def test_what_the_code_has_is_fine(self):
        self.assertEqual(self.problems(
            "`core/a.h`, `Acceptor::Take`, `Take()`, `std::string`, `a/b`\n"
            "```\n`Gone()`\n```\n"), [])

    def test_what_it_has_not_is_named(self):
        self.assertEqual(
            self.problems("`core/b.h` `Acceptor::Give` `Gone()`"),
            ["docs/a.md: names core/b.h, which does not exist",
             "docs/a.md: names Give, which no code has",
             "docs/a.md: names Gone, which no code has"])


if __name__ == "__main__":
    unittest.main()
