"""Faults of one line, as mutants.txt has them."""

import collections
import os

FOLDER = "tests/conformance/mutants"
MUTANTS_FILE = f"{FOLDER}/mutants.txt"
TESTS_FOLDER = "tests/conformance"

# `number` from 1 up; `target` and `test` say which test must fail.
Mutant = collections.namedtuple("Mutant", "number file old new target test")


class MutantError(Exception):
    """A mutant cannot be read, or does not apply."""


def read_mutants(text):
    """Returns the mutants of mutants.txt, in its order."""
    lines = [(number, line.rstrip())
             for number, line in enumerate(text.splitlines(), 1)
             if line.strip() and not line.startswith("#")]
    mutants = []
    for first in range(0, len(lines), 4):
        group = lines[first:first + 4]
        where = f"{MUTANTS_FILE}:{group[0][0]}"
        if len(group) < 4:
            raise MutantError(f"{where}: not four lines")
        file, old, new, shown_by = (line for _, line in group)
        words = shown_by.split(" ")
        if (not old.startswith("- ") or new[:2] not in ("+", "+ ")
                or len(words) != 2):
            raise MutantError(f"{where}: not file, - line, + line, test")
        mutants.append(Mutant(len(mutants) + 1, file, old[2:], new[2:], *words))
    return mutants


def apply(mutant, text):
    """Returns the text of the mutant's file with its fault."""
    lines = text.split("\n")
    places = [i for i, line in enumerate(lines) if line.strip() == mutant.old]
    if len(places) != 1:
        raise MutantError(
            f"mutant {mutant.number}: {mutant.file} has {len(places)} lines, "
            f"not one: {mutant.old}")
    line = lines[places[0]]
    indent = line[:len(line) - len(line.lstrip())]
    lines[places[0]] = indent + mutant.new
    return "\n".join(lines)


def test_file(mutant):
    """Returns the source of the test that must fail."""
    return os.path.join(TESTS_FOLDER, mutant.target + ".cc")
