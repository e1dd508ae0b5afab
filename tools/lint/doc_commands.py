#!/usr/bin/env python3
"""Asks of every page whether the commands it shows are run by a test.

docs/doc_page.py says how a block of commands is marked. Here every page must
have decided for each of its blocks; a page whose commands run must be one that
docs/doc_commands_test.py knows; a test that is named must exist and read the
page; and what a page would change in the tree by `sed` must be there. Run it at
the root of the workspace.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../docs"))

import doc_page
import targets as graph

RUN_BY_US = ("file", "runs", "serves", "goes on", "starts")
TEST = "docs/doc_commands_test.py"
_CHECKED = re.compile(r'self\.check\("([^"]+)"\)')
_SED = re.compile(r"sed -i ('s/.*?') (?:\\\n\s+)?(\S+)")


def label_of(page, packages):
    """Returns "//docs:host.md": by the innermost package that has the page."""
    folder = os.path.dirname(page)
    while folder and folder not in packages:
        folder = os.path.dirname(folder)
    return f"//{folder}:{page[len(folder):].lstrip('/')}"


def check_page(page, text, run, inputs, packages):
    """Returns the problems of one page.

    `run` are the pages that the test knows, `inputs` maps a test's label to the
    labels that it names.
    """
    try:
        blocks = doc_page.blocks(page, text)
    except (doc_page.PageError, ValueError) as error:
        return [str(error)]
    problems = [f"{page}:{block.line}: say who runs these commands"
                for block in doc_page.unmarked(blocks)]
    problems += [f"{page}:{line}: put commands into a block of their own"
                 for line in doc_page.indented_commands(text)]
    if page not in run and any(b.mark in RUN_BY_US for b in blocks):
        problems.append(f"{page}: {TEST} does not know it")
    for block in blocks:
        if block.mark == "not run" and not block.detail:
            problems.append(f"{page}:{block.line}: say why it is not run")
        if block.mark == "tested by":
            if block.detail not in inputs:
                problems.append(f"{page}:{block.line}: there is no test "
                                f"{block.detail}")
            elif label_of(page, packages) not in inputs[block.detail]:
                problems.append(f"{page}:{block.line}: {block.detail} does not "
                                "read this page")
    return problems


def check_substitutions(page, text, apply):
    """Returns the problems of what a page changes by sed.

    `apply` gives a file's text before and after an expression.
    """
    problems = []
    for expression, path in _SED.findall(text):
        before, after = apply(expression, path)
        if before == after:
            problems.append(f"{page}: {expression} changes nothing in {path}")
    return problems


def check(pages, run, inputs, packages, apply):
    """Returns the problems of page -> text."""
    problems = [f"{TEST}: there is no page {page}"
                for page in sorted(run - set(pages))]
    for page, text in sorted(pages.items()):
        problems += check_page(page, text, run, inputs, packages)
        problems += check_substitutions(page, text, apply)
    return problems


def apply_sed(expression, path):
    try:
        with open(path, encoding="utf-8") as file:
            before = file.read()
    except OSError:
        return "", ""
    done = subprocess.run(["sed", expression.strip("'")], input=before,
                          capture_output=True, check=True, text=True)
    return before, done.stdout


def main():
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"],
                            capture_output=True, check=True).stdout
    pages = {}
    for page in filter(None, listed.decode().split("\0")):
        with open(page, encoding="utf-8") as file:
            pages[page] = file.read()
    with open(TEST, encoding="utf-8") as file:
        run = set(_CHECKED.findall(file.read()))
    all_targets = graph.query_workspace()
    inputs = {target.label: target.inputs for target in all_targets}
    packages = {target.package for target in all_targets}
    problems = check(pages, run, inputs, packages, apply_sed)
    for problem in problems:
        print(problem)
    print(f"doc_commands: {len(pages)} pages, {len(run)} of them run, "
          f"{len(problems)} problems")
    return 1 if problems or not pages or not run else 0


if __name__ == "__main__":
    sys.exit(main())
