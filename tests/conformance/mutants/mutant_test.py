"""That each mutant applies to the sources of today, and its test exists."""

import os
import sys
import unittest

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, _HERE)
sys.path.insert(0, os.path.dirname(_HERE))

import conformance
import mutant as mutants

ROOT = os.getcwd()
FEWEST = 40


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


class RepositoryTest(unittest.TestCase):

    def setUp(self):
        self.mutants = mutants.read_mutants(read(mutants.MUTANTS_FILE))

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(self.mutants), FEWEST)

    def test_each_applies_once_and_changes_something(self):
        for mutant in self.mutants:
            with self.subTest(mutant.number):
                sound = read(mutant.file)
                self.assertNotEqual(mutants.apply(mutant, sound), sound)

    def test_each_comes_once(self):
        faults = [(m.file, m.old, m.new) for m in self.mutants]
        self.assertEqual(len(set(faults)), len(faults))

    def test_each_names_a_test_of_a_row(self):
        for mutant in self.mutants:
            with self.subTest(mutant.number):
                file = mutants.test_file(mutant)
                found = {test.name: test.numbers
                         for test in conformance.tests_in(file, read(file))}
                self.assertTrue(found.get(mutant.test))


class MutantTest(unittest.TestCase):

    TEXT = "# why\n\na.cc\n- x = 1;\n+ x = 2;\na_test B001_Does\n"

    def test_is_read(self):
        self.assertEqual(
            mutants.read_mutants(self.TEXT),
            [mutants.Mutant(1, "a.cc", "x = 1;", "x = 2;", "a_test",
                            "B001_Does")])

    def test_replacement_may_be_empty(self):
        mutant, = mutants.read_mutants(self.TEXT.replace("+ x = 2;", "+"))
        self.assertEqual(mutants.apply(mutant, "{\n  x = 1;\n}\n"),
                         "{\n  \n}\n")

    def test_keeps_the_indent(self):
        mutant, = mutants.read_mutants(self.TEXT)
        self.assertEqual(mutants.apply(mutant, "  x = 1;\n"), "  x = 2;\n")

    def test_line_that_is_not_there_or_twice(self):
        mutant, = mutants.read_mutants(self.TEXT)
        for text, count in (("xx = 1;\n", 0), ("x = 1;\n  x = 1;\n", 2)):
            with self.assertRaisesRegex(mutants.MutantError,
                                        f"has {count} lines, not one"):
                mutants.apply(mutant, text)

    def test_what_is_no_mutant(self):
        for text in (self.TEXT.replace("- ", ""), self.TEXT.replace("+ ", ""),
                     self.TEXT.replace(" B001_Does", ""), "a.cc\n"):
            with self.assertRaises(mutants.MutantError):
                mutants.read_mutants(text)


if __name__ == "__main__":
    unittest.main()
