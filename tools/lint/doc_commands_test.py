"""Tests of what is asked of pages that show commands."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import doc_commands

COMMANDS = "```sh\nbazel run host\n```\n"
PACKAGES = {"docs", "plugins/dns"}
INPUTS = {"//tools:page_test": ["//docs:page.md", "//tools:x"]}


class CheckTest(unittest.TestCase):
    def problems(self, text, page="docs/page.md", run=("docs/page.md",)):
        return doc_commands.check({page: text}, set(run), INPUTS, PACKAGES,
                                  lambda expression, path: ("a", "b"))

    def assert_says(self, word, problems):
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(word, problems[0])

    def test_what_is_run_is_well(self):
        self.assertEqual(self.problems("<!-- runs -->\n" + COMMANDS), [])

    def test_each_block_says_who_runs_it(self):
        self.assert_says("page.md:1: say who", self.problems(COMMANDS))

    def test_a_block_without_a_language_hides_nothing(self):
        self.assert_says("say who", self.problems("```\nbazel test //x\n```\n"))

    def test_nor_do_spaces(self):
        self.assert_says("block of their own",
                         self.problems("Type\n\n    bazel test //x\n"))

    def test_text_that_is_no_command(self):
        self.assertEqual(self.problems("```\nprimary -> worker\n```\n"), [])

    def test_a_reason_is_given(self):
        self.assert_says("say why", self.problems("<!-- not run -->\n"
                                                  + COMMANDS))
        self.assertEqual(self.problems("<!-- not run: a day -->\n" + COMMANDS),
                         [])

    def test_a_page_that_runs_is_run(self):
        self.assert_says("does not know it", self.problems(
            "<!-- runs -->\n" + COMMANDS, run=()))

    def test_a_page_that_is_run_exists(self):
        self.assert_says("no page docs/gone.md", self.problems(
            "<!-- runs -->\n" + COMMANDS, run=("docs/page.md", "docs/gone.md")))

    def test_a_test_that_is_named_reads_the_page(self):
        text = "<!-- tested by: //tools:page_test -->\n" + COMMANDS
        self.assertEqual(self.problems(text), [])
        self.assert_says("does not read this page", self.problems(
            text, page="docs/other.md", run=()))
        self.assert_says("no test //tools:gone", self.problems(
            text.replace("page_test", "gone")))

    def test_a_mark_needs_its_block(self):
        self.assert_says("mark without a block", self.problems(
            "<!-- runs -->\ntext\n"))

    def test_labels(self):
        for page, label in (("README.md", "//:README.md"),
                            ("docs/a.md", "//docs:a.md"),
                            ("plugins/dns/x/a.md", "//plugins/dns:x/a.md")):
            self.assertEqual(doc_commands.label_of(page, PACKAGES), label)


class SubstitutionTest(unittest.TestCase):
    TEXT = "sed -i 's/a/b/' core/x.cc\nsed -i 's/c/d/' \\\n    core/y.cc\n"

    def test_each_must_change_its_file(self):
        asked = []

        def apply(expression, path):
            asked.append((expression, path))
            return "before", "before" if path == "core/y.cc" else "after"

        self.assertEqual(
            doc_commands.check_substitutions("p.md", self.TEXT, apply),
            ["p.md: 's/c/d/' changes nothing in core/y.cc"])
        self.assertEqual(asked, [("'s/a/b/'", "core/x.cc"),
                                 ("'s/c/d/'", "core/y.cc")])

    def test_sed_itself(self):
        path = os.path.join(os.environ["TEST_TMPDIR"], "x")
        with open(path, "w", encoding="utf-8") as file:
            file.write("a\n")
        self.assertEqual(doc_commands.apply_sed("'s/a/b/'", path),
                         ("a\n", "b\n"))
        self.assertEqual(doc_commands.apply_sed("'s/a/b/'", path + ".gone"),
                         ("", ""))


if __name__ == "__main__":
    unittest.main()
