"""Tests of includes_match_deps, and of reading what Bazel prints."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import includes_match_deps as lint
from targets import Target, parse_query


def problems_of(deps, includes, label="//core/a:a", others=()):
    target = Target(label, srcs=[label + ".cc"], deps=deps)
    owners = lint.Owners([target, *others])
    return lint.check_target(target, includes, owners)


class SystemLibraryTest(unittest.TestCase):
    def test_covered_includes_pass(self):
        self.assertEqual(problems_of(
            ["@absl//:status", "//third_party/asio:asio",
             "@googletest//:gtest_main"],
            ["absl/status/status.h", "boost/asio.hpp", "gtest/gtest.h",
             "gmock/gmock.h", "vector", "sys/epoll.h"]), [])

    def test_abseil_is_by_area(self):
        self.assertEqual(
            problems_of(["@absl//:status"],
                        ["absl/status/status.h", "absl/time/time.h"]),
            ["//core/a:a: includes absl/time/time.h but has no dep on "
             "@absl//:time"])

    def test_each_library_must_be_named(self):
        for include in ["boost/asio.hpp", "CLI/CLI.hpp", "gtest/gtest.h",
                        "gmock/gmock.h", "benchmark/benchmark.h"]:
            self.assertEqual(len(problems_of([], [include])), 1, include)

    def test_unused_dep_is_reported(self):
        self.assertEqual(
            problems_of(["@absl//:time", "//core/b:b"], []),
            ["//core/a:a: depends on @absl//:time but includes nothing of it"])

    def test_cereal_is_for_ipc(self):
        include = ["cereal/cereal.hpp"]
        deps = ["@cereal//:cereal"]
        self.assertEqual(len(problems_of(deps, include)), 1)
        self.assertEqual(problems_of(deps, include, label="//ipc:archive"), [])


class ProjectHeaderTest(unittest.TestCase):
    OTHER = Target("//core/b:b", hdrs=["//core/b:b.h"])

    def test_owner_must_be_a_dep(self):
        self.assertEqual(
            problems_of([], ["core/b/b.h"], others=[self.OTHER]),
            ["//core/a:a: includes core/b/b.h but has no dep on //core/b:b"])
        self.assertEqual(
            problems_of(["//core/b:b"], ["core/b/b.h"], others=[self.OTHER]),
            [])

    def test_alias_counts_as_what_it_names(self):
        alias = Target("//core:b", kind="alias", deps=["//core/b:b"])
        self.assertEqual(
            problems_of(["//core:b"], ["core/b/b.h"],
                        others=[self.OTHER, alias]), [])

    def test_own_header_needs_no_dep(self):
        target = Target("//core/a:a", hdrs=["//core/a:a.h"])
        self.assertEqual(
            lint.check_target(target, ["core/a/a.h"], lint.Owners([target])),
            [])


class CheckTest(unittest.TestCase):
    def test_counts_targets_with_sources(self):
        targets = [Target("//a:a", srcs=["//a:a.cc"], deps=["@absl//:time"]),
                   Target("//a:sh", kind="sh_test", srcs=["//a:a.sh"]),
                   Target("//a:generated", srcs=["//a:gen"])]
        texts = {"//a:a.cc": ["absl/time/time.h"]}
        self.assertEqual(lint.check(targets, texts.get), ([], 1))


class IncludeTest(unittest.TestCase):
    def test_finds_both_forms_and_no_comment(self):
        text = ('#include <a/b.h>\n  #  include "c.h"\n// #include <no.h>\n'
                'const char x[] = "#include <no.h>";\n')
        self.assertEqual(lint.INCLUDE.findall(text), ["a/b.h", "c.h"])


class ParseQueryTest(unittest.TestCase):
    def test_reads_rules(self):
        (target, alias) = parse_query(
            '<?xml version="1.1" encoding="UTF-8" standalone="no"?>'
            '<query version="2"><rule class="cc_library" name="//a:b">'
            '<list name="srcs"><label value="//a:b.cc"/></list>'
            '<list name="deps"><label value="@absl//:time"/></list>'
            '<boolean name="testonly" value="true"/>'
            '<rule-input name="//a:b.cc"/><rule-input name="@absl//:time"/>'
            '</rule><rule class="alias" name="//:x">'
            '<label name="actual" value="//a:b"/></rule></query>')
        self.assertEqual(target.label, "//a:b")
        self.assertEqual(target.package, "a")
        self.assertEqual(target.srcs, ["//a:b.cc"])
        self.assertEqual(target.inputs, ["//a:b.cc", "@absl//:time"])
        self.assertTrue(target.is_test)
        self.assertEqual(alias.deps, ["//a:b"])


if __name__ == "__main__":
    unittest.main()
