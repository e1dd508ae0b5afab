"""Writes docs/node_conformance.md: bazel run //tests/conformance:page"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import conformance


def main(root):
    """Writes the page of the tree at `root`. Returns the exit code."""
    def read(name):
        path = os.path.join(root, name)
        if not os.path.isfile(path):
            return None
        with open(path, encoding="utf-8") as file:
            return file.read()

    try:
        rows = conformance.read_rows(read(conformance.ROWS_FILE))
    except conformance.RowsError as error:
        sys.exit(str(error))
    tests = conformance.read_tests(root)
    wrong = conformance.problems(rows, tests, read)
    for line in wrong:
        print(line, file=sys.stderr)
    with open(os.path.join(root, conformance.PAGE_FILE), "w",
              encoding="utf-8") as file:
        file.write(conformance.render(rows, tests))
    print(f"wrote {conformance.PAGE_FILE}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
