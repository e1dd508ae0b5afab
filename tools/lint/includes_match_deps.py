#!/usr/bin/env python3
"""Compares what each target includes with what it says it depends on.

Bazel's visibility and clang's layering check do not see the headers of system
libraries: they all lie in /usr/include, so a target could use Boost without
saying so, and no graph would show it. Run it at the root of the workspace.
"""

import re
import sys

import targets as graph

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)

# The first part of an include's path -> the dependencies any of which covers
# it. Abseil and Boost's JSON are by area, see wanted_for().
LIBRARIES = {
    "boost": ["//third_party/asio:asio", "@boost//:headers"],
    "cereal": ["@cereal//:cereal"],
    "CLI": ["@cli11//:cli11"],
    "gtest": ["@googletest//:gtest_main", "@googletest//:gtest"],
    "gmock": ["@googletest//:gtest_main", "@googletest//:gtest"],
    "benchmark": ["@google_benchmark//:benchmark_main",
                  "@google_benchmark//:benchmark"],
}


def wanted_for(include):
    """Returns the labels any of which covers a system include, else None."""
    parts = include.split("/")
    if parts[0] == "absl" and len(parts) > 2:
        return ["@absl//:" + parts[1]]
    if parts[:2] == ["boost", "json"]:
        return ["//third_party/json:json"]
    return LIBRARIES.get(parts[0]) if len(parts) > 1 else None


def is_system_dep(label):
    return label.startswith(("@absl//", "@boost//", "@cereal//", "@cli11//",
                             "@googletest//", "@google_benchmark//"))


class Owners:
    """Which targets offer a header, seen through aliases."""

    def __init__(self, all_targets):
        self._by_path = {}
        self._actual = {}
        for target in all_targets:
            if target.kind == "alias" and target.deps:
                self._actual[target.label] = target.deps[0]
            if not target.kind.startswith("cc_"):
                continue
            for header in target.hdrs:
                path = graph.path_of(header)
                self._by_path.setdefault(path, set()).add(target.label)

    def of(self, include):
        return self._by_path.get(include, set())

    def resolve(self, labels):
        return {self._actual.get(label, label) for label in labels}


def check_target(target, includes, owners):
    """Returns the problems of one target.

    `includes` are the paths that its own files include.
    """
    problems = []
    deps = owners.resolve(target.deps)
    own_files = {graph.path_of(l) for l in target.srcs + target.hdrs}
    covering = set()
    for include in sorted(includes):
        wanted = wanted_for(include)
        if wanted is not None:
            covering.update(wanted)
            if include.startswith("cereal/") and not _may_use_cereal(target):
                problems.append(f"{target.label}: includes {include}: only ipc "
                                "uses cereal, go through ipc/archive.h")
        elif include not in own_files and owners.of(include):
            wanted = sorted(owners.of(include))
        else:
            continue
        if not deps & set(wanted):
            problems.append(f"{target.label}: includes {include} but has no "
                            f"dep on {' or '.join(wanted)}")
    for dep in sorted(target.deps):
        if is_system_dep(dep) and dep not in covering:
            problems.append(f"{target.label}: depends on {dep} but includes "
                            "nothing of it")
    return problems


def _may_use_cereal(target):
    return target.package == "ipc" or target.package.startswith("ipc/")


def check(all_targets, read_includes):
    """Returns (problems, targets checked).

    `read_includes` gives the includes of a source label, None if it is not one.
    """
    owners = Owners(all_targets)
    problems = []
    checked = 0
    for target in all_targets:
        if not target.kind.startswith("cc_") or target.package in (
                "third_party/asio", "third_party/json"):
            continue
        lists = [read_includes(l) for l in target.srcs + target.hdrs]
        known = [each for each in lists if each is not None]
        if not known:
            continue
        checked += 1
        includes = {include for each in known for include in each}
        problems += check_target(target, includes, owners)
    return problems, checked


def read_includes(label):
    path = graph.path_of(label)
    if path is None or not re.search(r"\.(c|cc|h)$", path):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return INCLUDE.findall(file.read())
    except OSError:  # generated
        return None


def main():
    problems, checked = check(graph.query_workspace(), read_includes)
    for problem in problems:
        print(problem)
    print(f"includes_match_deps: {checked} targets checked, "
          f"{len(problems)} problems")
    if checked == 0:
        print("includes_match_deps: no target has sources; is this the root?")
    return 1 if problems or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
