#!/usr/bin/env python3
"""Counts what `bazel test --build_event_json_file=FILE` ran: count_tests.py FILE.

Prints "N passed, M failed" and exits 0 only when something passed and nothing
failed. A test counts once, however often Bazel tried it; one that passed only
at another attempt (FLAKY), or did not come to a result, has failed.
"""

import json
import sys


def count(lines):
    """Returns (passed, failed), given the file's lines, one event each."""
    status_by_test = {}
    for line in lines:
        if not line.strip():
            continue
        event = json.loads(line)
        test = event.get("id", {}).get("testSummary")
        if test is None:
            continue
        status = event.get("testSummary", {}).get("overallStatus")
        status_by_test[test["label"]] = status
    passed = sum(1 for status in status_by_test.values() if status == "PASSED")
    return passed, len(status_by_test) - passed


def main():
    if len(sys.argv) != 2:
        print("usage: count_tests.py FILE", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        passed, failed = count(file)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
