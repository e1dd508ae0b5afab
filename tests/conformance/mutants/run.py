"""Applies faults one by one, and expects the test of each to fail.

  bazel run //tests/conformance/mutants -- --all
  bazel run //tests/conformance/mutants -- --seed=7 --count=5
  bazel run //tests/conformance/mutants -- --only=12,40

Works in a copy of the tree below ~/.cache, which is kept for the next time.
"""

import argparse
import collections
import filecmp
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import mutant as mutants

TEST_TIMEOUT_S = 60
BUILD_TIMEOUT_S = 1200

# `outcome` is "red" (as it should), "green", "no test" or "does not build".
Result = collections.namedtuple("Result", "mutant outcome seconds")


def copy_tree(root, copy):
    """Makes `copy` have the files of `root` that git would take."""
    names = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached",
         "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    names = {name for name in names
             if name and os.path.isfile(os.path.join(root, name))}
    for name in names:
        source, target = os.path.join(root, name), os.path.join(copy, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        # What is the same stays untouched, so that nothing is built anew.
        if not (os.path.isfile(target)
                and filecmp.cmp(source, target, shallow=False)):
            shutil.copy2(source, target)
    for folder, _, files in os.walk(copy):
        for file in files:
            name = os.path.relpath(os.path.join(folder, file), copy)
            if name not in names and not name.startswith("bazel-"):
                os.remove(os.path.join(folder, file))


class Tree:
    """The copy, where faults are tried."""

    def __init__(self, path):
        self._path = path

    def build(self, targets):
        """Returns whether these tests could be built, and what was said."""
        built = subprocess.run(
            ["bazel", "build", "--jobs=2", "--curses=no", "--color=no",
             "--noshow_progress", "--noremote_upload_local_results"]
            + [f"//{mutants.TESTS_FOLDER}:{target}" for target in targets],
            cwd=self._path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=BUILD_TIMEOUT_S)
        return built.returncode == 0, built.stdout

    def passes(self, target, test):
        """Returns whether the test passes; None if there is none."""
        program = os.path.join(self._path, "bazel-bin", mutants.TESTS_FOLDER,
                               target)
        command = [program, f"--gtest_filter=*.{test}:*.{test}/*"]
        try:
            ran = subprocess.run(command, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True,
                                 errors="replace", timeout=TEST_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return False
        if "[==========] Running 0 tests" in ran.stdout:
            return None
        return ran.returncode == 0

    def read(self, name):
        with open(os.path.join(self._path, name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(os.path.join(self._path, name), "w",
                  encoding="utf-8") as file:
            file.write(text)


def try_mutant(tree, mutant):
    """Returns what the test of a mutant made of it."""
    began = time.monotonic()
    sound = tree.read(mutant.file)
    try:
        tree.write(mutant.file, mutants.apply(mutant, sound))
        built, said = tree.build([mutant.target])
        if not built:
            print(said, file=sys.stderr)
            outcome = "does not build"
        else:
            passes = tree.passes(mutant.target, mutant.test)
            outcome = {None: "no test", True: "green", False: "red"}[passes]
    finally:
        tree.write(mutant.file, sound)
    return Result(mutant, outcome, time.monotonic() - began)


def sound_tests_pass(tree, chosen):
    """Builds the tests without any fault; returns those that fail."""
    built, said = tree.build(sorted({m.target for m in chosen}))
    if not built:
        sys.exit(f"{said}\nthe tests do not build without any fault")
    return [f"{target} {test}"
            for target, test in sorted({(m.target, m.test) for m in chosen})
            if not tree.passes(target, test)]


def table(results):
    """Returns the results for people."""
    rows = [f"{'':>3}  {'outcome':<14} {'s':>4}  test and fault"]
    for result in results:
        m = result.mutant
        rows.append(f"{m.number:>3}  {result.outcome:<14} "
                    f"{result.seconds:>4.0f}  {m.test}\n"
                    f"{'':28}{m.file}: {m.old}")
    return "\n".join(rows)


def choose(all_mutants, options):
    """Returns the mutants that the options mean."""
    if options.all:
        return all_mutants
    if options.only:
        wanted = {int(number) for number in options.only.split(",")}
        return [m for m in all_mutants if m.number in wanted]
    picked = random.Random(options.seed).sample(
        all_mutants, min(options.count, len(all_mutants)))
    return sorted(picked)


def main():
    parser = argparse.ArgumentParser(prog="mutants")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--only", help="these, such as 3,17")
    parser.add_argument("--seed", type=int, default=0,
                        help="which are tried without --all")
    parser.add_argument("--count", type=int, default=5, help="how many then")
    parser.add_argument("--json", help="where to write the results, too")
    options = parser.parse_args()

    with open(os.path.join(options.root, mutants.MUTANTS_FILE),
              encoding="utf-8") as file:
        chosen = choose(mutants.read_mutants(file.read()), options)
    place = hashlib.sha256(options.root.encode()).hexdigest()[:12]
    copy = os.path.expanduser(f"~/.cache/cluster-mutants/{place}")
    copy_tree(options.root, copy)
    tree = Tree(copy)
    failing = sound_tests_pass(tree, chosen)
    if failing:
        sys.exit("these fail without any fault: " + ", ".join(failing))
    results = []
    for number, mutant in enumerate(chosen, 1):
        results.append(try_mutant(tree, mutant))
        print(f"{number} of {len(chosen)}: mutant {mutant.number} "
              f"{results[-1].outcome} ({results[-1].seconds:.0f} s)",
              flush=True)
    subprocess.run(["bazel", "shutdown"], cwd=copy, check=False,
                   stdin=subprocess.DEVNULL)
    print(table(results))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([{**r.mutant._asdict(), "outcome": r.outcome,
                        "seconds": round(r.seconds, 1)} for r in results],
                      file, indent=1)
    red = sum(result.outcome == "red" for result in results)
    print(f"{red} of {len(results)} faults were noticed")
    return 0 if red == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
