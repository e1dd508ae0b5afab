"""Tests of count_tests."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import count_tests


def summary(label, status):
    return json.dumps({"id": {"testSummary": {"label": label}},
                       "testSummary": {"overallStatus": status}})


def target(label, built):
    completed = {"completed": {"success": True}} if built else {"completed": {}}
    return [json.dumps({"id": {"targetConfigured": {"label": label}},
                        "configured": {"testSize": "SMALL"}}),
            json.dumps({"id": {"targetCompleted": {"label": label}},
                        **completed})]


def finished(name):
    return json.dumps({"id": {"buildFinished": {}},
                       "finished": {"exitCode": {"name": name}}})


class CountTest(unittest.TestCase):
    def check(self, lines, passed, failed, good):
        result = count_tests.count(lines)
        self.assertEqual((result.passed, result.failed, result.good),
                         (passed, failed, good))

    def test_counts_each_test_once(self):
        self.check([summary("//a:a", "PASSED"), summary("//a:b", "PASSED"),
                    summary("//a:b", "PASSED"), "\n", finished("SUCCESS")],
                   2, 0, True)

    def test_whatever_is_not_passed_has_failed(self):
        self.check([summary("//a:a", "PASSED"), summary("//a:b", "FAILED"),
                    summary("//a:c", "FLAKY"), summary("//a:d", "TIMEOUT"),
                    json.dumps({"id": {"testSummary": {"label": "//a:e"}},
                                "aborted": {}}), finished("TESTS_FAILED")],
                   1, 4, False)

    def test_what_does_not_build_has_failed(self):
        self.check([*target("//a:a", True), summary("//a:a", "PASSED"),
                    *target("//a:b", False), finished("BUILD_FAILURE")],
                   1, 1, False)

    def test_what_a_filter_left_out_is_not_counted(self):
        self.check([*target("//a:a", True), summary("//a:a", "PASSED"),
                    *target("//a:benchmark", True), finished("SUCCESS")],
                   1, 0, True)

    def test_a_run_without_tests_is_not_good(self):
        self.check([json.dumps({"id": {"progress": {}}}),
                    finished("SUCCESS")], 0, 0, False)

    def test_a_run_that_broke_off_is_not_good(self):
        self.check([summary("//a:a", "PASSED")], 1, 0, False)
        self.check([summary("//a:a", "PASSED"), finished("PARSING_FAILURE")],
                   1, 0, False)


if __name__ == "__main__":
    unittest.main()
