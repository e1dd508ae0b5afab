#!/usr/bin/env python3
"""Counts what `bazel test --build_event_json_file=FILE` ran: count_tests.py FILE.

Prints "N passed, M failed" and exits 0 only when something passed, nothing
failed and Bazel itself ended well. A test counts once, however often Bazel
tried it. One that passed only at another attempt (FLAKY), came to no result or
did not build has failed.
"""

import json
import sys


class Count:
    """What the events of one `bazel test` add up to."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.exit_name = "UNKNOWN"  # Bazel's own word for how it ended

    @property
    def good(self):
        return (self.passed > 0 and self.failed == 0
                and self.exit_name == "SUCCESS")


def count(lines):
    """Returns the Count of the file's lines, one event each."""
    result = Count()
    configured = set()  # tests; those left out by a filter are built only
    built = set()
    status_by_test = {}
    for line in lines:
        if not line.strip():
            continue
        event = json.loads(line)
        (kind, identity), = event["id"].items()
        if kind == "targetConfigured":
            if "testSize" in event.get("configured", {}):
                configured.add(identity["label"])
        elif kind == "targetCompleted":
            if event.get("completed", {}).get("success"):
                built.add(identity["label"])
        elif kind == "testSummary":
            status_by_test[identity["label"]] = event.get(
                "testSummary", {}).get("overallStatus")
        elif kind == "buildFinished":
            result.exit_name = event.get("finished", {}).get(
                "exitCode", {}).get("name", "UNKNOWN")
    passed = {t for t, status in status_by_test.items() if status == "PASSED"}
    result.passed = len(passed)
    result.failed = len((set(status_by_test) | (configured - built)) - passed)
    return result


def main():
    if len(sys.argv) != 2:
        print("usage: count_tests.py FILE", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        result = count(file)
    if result.exit_name != "SUCCESS":
        print(f"bazel test ended with {result.exit_name}")
    print(f"{result.passed} passed, {result.failed} failed")
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
