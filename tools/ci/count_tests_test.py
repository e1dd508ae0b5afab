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


class CountTest(unittest.TestCase):
    def test_counts_each_test_once(self):
        lines = [summary("//a:a", "PASSED"), summary("//a:b", "PASSED"),
                 summary("//a:b", "PASSED"), "\n"]
        self.assertEqual(count_tests.count(lines), (2, 0))

    def test_whatever_is_not_passed_has_failed(self):
        lines = [summary("//a:a", "PASSED"), summary("//a:b", "FAILED"),
                 summary("//a:c", "FLAKY"), summary("//a:d", "TIMEOUT"),
                 json.dumps({"id": {"testSummary": {"label": "//a:e"}},
                             "aborted": {}})]
        self.assertEqual(count_tests.count(lines), (1, 4))

    def test_other_events_do_not_count(self):
        lines = [json.dumps({"id": {"progress": {}}}),
                 json.dumps({"id": {"testResult": {"label": "//a:a"}},
                             "testResult": {"status": "PASSED"}})]
        self.assertEqual(count_tests.count(lines), (0, 0))


if __name__ == "__main__":
    unittest.main()
