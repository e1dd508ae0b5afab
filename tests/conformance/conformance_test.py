"""That each row is there and shown, and the page is of today."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import conformance

ROOT = os.getcwd()


def read(name):
    path = os.path.join(ROOT, name)
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def good_rows():
    return [conformance.Row(n, "All", "same", "does", "",
                            "shown.cc:Shows")
            for n in range(1, conformance.LAST_ROW + 1)]


def problems(rows, tests=(), files=None):
    return conformance.problems(rows, tests,
                                {"shown.cc": "TEST(A, Shows) {",
                                 **(files or {})}.get)


class RepositoryTest(unittest.TestCase):

    def setUp(self):
        self.rows = conformance.read_rows(read(conformance.ROWS_FILE))
        self.tests = conformance.read_tests(ROOT)

    def test_rows_are_sound(self):
        self.assertEqual(conformance.problems(self.rows, self.tests, read), [])

    def test_tests_are_found(self):
        self.assertGreater(len([t for t in self.tests if t.numbers]), 70)

    def test_page_is_of_today(self):
        self.assertEqual(
            read(conformance.PAGE_FILE),
            conformance.render(self.rows, self.tests),
            "the page is stale: bazel run //tests/conformance:page")


class ProblemsTest(unittest.TestCase):

    def test_none(self):
        self.assertEqual(problems(good_rows()), [])

    def test_missing_row(self):
        rows = good_rows()
        del rows[4]
        self.assertEqual(problems(rows), ["B005: 0 rows, not 1"])

    def test_row_that_comes_twice(self):
        rows = good_rows()
        self.assertEqual(problems(rows + rows[6:7]), ["B007: 2 rows, not 1"])

    def test_number_out_of_range(self):
        rows = good_rows()
        self.assertEqual(
            problems(rows + [rows[0]._replace(number=258)]),
            ["B258: there is no such behaviour"])

    def test_test_of_no_row(self):
        tests = conformance.tests_in("a_test.cc", "TEST_F(A, B300_Does) {")
        self.assertEqual(problems(good_rows(), tests),
                         ["a_test.cc: B300_Does: there is no B300"])

    def test_named_test_that_is_not_there(self):
        rows = good_rows()
        rows[0] = rows[0]._replace(shown_by="a_test.cc:Does")
        self.assertEqual(problems(rows), ["B001: no such file: a_test.cc"])
        self.assertEqual(problems(rows, files={"a_test.cc": "TEST(A, Did) {"}),
                         ["B001: a_test.cc has no test Does"])
        self.assertEqual(problems(rows, files={"a_test.cc": "TEST(A, Does) {"}),
                         [])

    def test_file_without_a_test_shows_nothing(self):
        rows = good_rows()
        rows[0] = rows[0]._replace(shown_by="shown.cc")
        self.assertEqual(problems(rows),
                         ["B001: shown.cc has no test (none is named)"])

    def test_named_test_may_be_in_python(self):
        rows = good_rows()
        rows[0] = rows[0]._replace(shown_by="a_test.py:test_does")
        self.assertEqual(
            problems(rows, files={
                "a_test.py": "class A:\n\n    def test_does(self):\n"}), [])
        self.assertEqual(problems(rows, files={"a_test.py": "def helps():\n"}),
                         ["B001: a_test.py has no test test_does"])

    def test_row_that_nothing_shows(self):
        rows = good_rows()
        rows[0] = rows[0]._replace(shown_by="")
        rows[1] = rows[1]._replace(state="better", reason="so", shown_by="")
        rows[2] = rows[2]._replace(state="not applicable", reason="so",
                                   shown_by="")
        tests = conformance.tests_in("a_test.cc", "TEST(A, B001_Does) {")
        self.assertEqual(problems(rows, tests), ["B002: no test shows it"])
        self.assertEqual(problems(rows), ["B001: no test shows it",
                                          "B002: no test shows it"])

    def test_states_and_reasons(self):
        rows = good_rows()
        rows[0] = rows[0]._replace(state="hard")
        rows[1] = rows[1]._replace(state="better")
        rows[2] = rows[2]._replace(state="not applicable")
        rows[3] = rows[3]._replace(reason="because")
        rows[4] = rows[4]._replace(behaviour="")
        self.assertEqual(problems(rows), [
            "B001: no state: hard",
            "B002: better, but why?",
            "B003: not applicable, but why?",
            "B004: the same needs no reason",
            "B005: says nothing"])

    def test_too_many_are_not_applicable(self):
        rows = good_rows()
        for i in range(46):
            rows[i] = rows[i]._replace(state="not applicable", reason="so")
        self.assertEqual(problems(rows),
                         ["46 rows are not applicable, at most 45 may be"])

    def test_not_applicable_and_shown(self):
        rows = good_rows()
        rows[0] = rows[0]._replace(state="not applicable", reason="so")
        tests = conformance.tests_in("a_test.cc", "TEST(A, B001_Does) {")
        self.assertEqual(problems(rows, tests),
                         ["B001: not applicable, but B001_Does shows it"])


class PageTest(unittest.TestCase):

    def test_rows_with_and_without_tests(self):
        rows = [conformance.Row(1, "Roles", "same", "does", "", ""),
                conformance.Row(2, "Roles", "better", "did", "so", ""),
                conformance.Row(3, "Roles", "same", "is", "", "b_test.cc:Is")]
        tests = conformance.tests_in(
            "a_test.cc", "TEST_F(A, B001_DoesAndB003_Is) {\n")
        page = conformance.render(rows, tests)
        self.assertIn(
            "| B001 | does | same | [A.B001_DoesAndB003_Is](../a_test.cc) |",
            page)
        self.assertIn("| B002 | did | better: so |  |", page)
        self.assertIn("<br>[Is](../b_test.cc) |", page)
        self.assertIn("| same | 2 |", page)


class SourcesTest(unittest.TestCase):

    def test_names_of_tests(self):
        text = ("TEST(A, Plain) {\nTEST_F(B, B001_One) {\n"
                "TEST_P(C,\n       B002_TwoAndB003_Three) {\n"
                "// TEST(D, B004_Commented) {\n")
        self.assertEqual(
            [(t.suite, t.name, t.numbers)
             for t in conformance.tests_in("a", text)],
            [("A", "Plain", []), ("B", "B001_One", [1]),
             ("C", "B002_TwoAndB003_Three", [2, 3])])

    def test_rows_file(self):
        rows = conformance.read_rows(
            "# a comment\n\n== Roles\n1 | same | does\n"
            "2 | better | did | so | a.md\n")
        self.assertEqual(rows, [
            conformance.Row(1, "Roles", "same", "does", "", ""),
            conformance.Row(2, "Roles", "better", "did", "so", "a.md")])
        with self.assertRaisesRegex(conformance.RowsError, "rows.txt:1: not"):
            conformance.read_rows("B1 same does")


if __name__ == "__main__":
    unittest.main()
