"""What Node's cluster does, row by row, and which test shows it here.

The rows are in rows.txt. A test of this folder shows the rows that have their
number in its name: B053_ExitComesFirstAndB054_ItStays shows two.
"""

import collections
import os
import re

FOLDER = "tests/conformance"
ROWS_FILE = f"{FOLDER}/rows.txt"
PAGE_FILE = "docs/node_conformance.md"
LAST_ROW = 257
MOST_NOT_APPLICABLE = 45

STATES = ("same", "better", "not applicable")

# `section` is the heading above it; `shown_by` is "FILE:TEST" or empty.
Row = collections.namedtuple(
    "Row", "number section state behaviour reason shown_by")
# `numbers` are the rows that its name has.
Test = collections.namedtuple("Test", "file suite name numbers")

_TEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.M)
_PYTHON_TEST = re.compile(r"^ +def (test_\w+)\(", re.M)
_NUMBER = re.compile(r"(?:^|(?<=[a-z0-9]))B(\d{3})_|AndB(\d{3})_")


class RowsError(Exception):
    """rows.txt cannot be read."""


def read_rows(text):
    """Returns the rows of rows.txt, in its order."""
    rows = []
    section = ""
    for line_number, line in enumerate(text.splitlines(), 1):
        if line.startswith("== "):
            section = line[3:]
        elif line and not line.startswith("#"):
            fields = [field.strip() for field in line.split("|")]
            if not 3 <= len(fields) <= 5 or not fields[0].isdigit():
                raise RowsError(f"{ROWS_FILE}:{line_number}: not a row: {line}")
            fields += [""] * (5 - len(fields))
            rows.append(Row(int(fields[0]), section, *fields[1:]))
    return rows


def tests_in(file, text):
    """Returns all tests of a source."""
    if file.endswith(".py"):
        return [Test(file, "", name, []) for name in _PYTHON_TEST.findall(text)]
    return [Test(file, suite, name,
                 [int(a or b) for a, b in _NUMBER.findall(name)])
            for suite, name in _TEST.findall(text)]


def read_tests(root):
    """Returns the tests of this folder, by file and place."""
    found = []
    for folder, _, names in sorted(os.walk(os.path.join(root, FOLDER))):
        for name in sorted(names):
            if name.endswith("_test.cc"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    found += tests_in(os.path.relpath(path, root), file.read())
    return found


def tests_of(row, tests):
    """Returns the tests that have the row's number."""
    return [test for test in tests if row.number in test.numbers]


def is_open(row, tests):
    """Whether nothing shows what the row says."""
    return (row.state != "not applicable" and not row.shown_by
            and not tests_of(row, tests))


def problems(rows, tests, read):
    """Returns what is wrong with the rows, a line each.

    `read` returns the text of a file of the repository, None if there is none.
    """
    found = []
    count = collections.Counter(row.number for row in rows)
    for number in range(1, LAST_ROW + 1):
        if count[number] != 1:
            found.append(f"B{number:03}: {count[number]} rows, not 1")
    for number in sorted(count):
        if not 1 <= number <= LAST_ROW:
            found.append(f"B{number:03}: there is no such behaviour")
    for row in rows:
        found += _problems_of_row(row, tests, read)
    for test in tests:
        found += [f"{test.file}: {test.name}: there is no B{number:03}"
                  for number in test.numbers if number not in count]
    unfit = sum(row.state == "not applicable" for row in rows)
    if unfit > MOST_NOT_APPLICABLE:
        found.append(f"{unfit} rows are not applicable, at most "
                     f"{MOST_NOT_APPLICABLE} may be")
    return found


def _problems_of_row(row, tests, read):
    name = f"B{row.number:03}"
    if row.state not in STATES:
        yield f"{name}: no state: {row.state}"
    if not row.behaviour:
        yield f"{name}: says nothing"
    if row.state in ("better", "not applicable") and not row.reason:
        yield f"{name}: {row.state}, but why?"
    if row.state == "same" and row.reason:
        yield f"{name}: the same needs no reason"
    if is_open(row, tests):
        yield f"{name}: no test shows it"
    if row.state == "not applicable":
        for test in tests_of(row, tests):
            yield f"{name}: not applicable, but {test.name} shows it"
    if row.shown_by:
        file, _, test_name = row.shown_by.partition(":")
        text = read(file)
        if text is None:
            yield f"{name}: no such file: {file}"
        elif test_name not in [t.name for t in tests_in(file, text)]:
            yield f"{name}: {file} has no test {test_name or '(none is named)'}"


def render(rows, tests):
    """Returns the page."""
    rows = sorted(rows)
    count = collections.Counter(row.state for row in rows)
    lines = [
        "# Node's behaviours, one by one",
        "",
        f"What Node's `cluster` does, in {len(rows)} rows, and which test "
        "shows it here, on real",
        f"processes. Made by `bazel run //{FOLDER}:page` from "
        f"`{ROWS_FILE}` and",
        "the names of tests.",
        "",
        "| State | Rows | |",
        "|---|---|---|",
        f"| same | {count['same']} | as in Node |",
        f"| better | {count['better']} | otherwise, on purpose |",
        f"| not applicable | {count['not applicable']} | nothing here "
        "corresponds to it |",
    ]
    section = None
    for row in rows:
        if row.section != section:
            section = row.section
            lines += ["", f"## {section}", "",
                      "| | Behaviour | State | Shown by |", "|---|---|---|---|"]
        lines.append(_line_of(row, tests))
    return "\n".join(lines) + "\n"


def _line_of(row, tests):
    state = row.state
    if row.reason:
        state += f": {row.reason}"
    links = [f"[{test.suite}.{test.name}](../{test.file})"
             for test in tests_of(row, tests)]
    if row.shown_by:
        file, _, test_name = row.shown_by.partition(":")
        links.append(f"[{test_name}](../{file})")
    return (f"| B{row.number:03} | {row.behaviour} | {state} | "
            f"{'<br>'.join(links)} |")
