#!/usr/bin/env python3
"""What the formatter cannot see: lengths, waits, notes to self, links, paths.

Looks at every tracked file. Run it at the root of the workspace. A line that
must break a rule says so: `lint: allow(sleep) because ...`.
"""

import os
import re
import subprocess
import sys

HEADER_WARN = 150
HEADER_FAIL = 300
SOURCE_FAIL = 400

SLEEP = re.compile(
    r"\b(u?sleep|nanosleep|clock_nanosleep|sleep_for|sleep_until|SleepFor)"
    r"\s*\(")
TODO = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
GOOD_TODO = re.compile(r"\bTODO\(#\d+\): \S")
ALLOW = re.compile(r"lint: allow\((\w+)\) because \S")
# Spelled so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:ho" r"me|ro" r"ot|wo" r"rk)/\w")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DOC_NAME = re.compile(r"\bdocs/[\w/]+\.md\b")
SPAN = re.compile(r"`([^`\n]+)`")
SOURCE_PATH = re.compile(r"(?:[\w-]+/)+[\w.-]+\.(?:h|cc|c|py|sh|bzl)$")
MEMBER = re.compile(r"([A-Z]\w+)::(\w+)(?:\(.*\))?$")
FUNCTION = re.compile(r"([A-Z]\w+)\(\)$")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]*`")

CODE = (".c", ".cc", ".h")
# Inputs of fuzz tests are bytes, whatever they look like.
CORPUS = re.compile(r"(^|/)corpus/")


def is_test_file(path):
    name = os.path.basename(path)
    return path.startswith("tests/") or "_test." in name


def check_length(path, lines):
    """Returns (failures, warnings)."""
    count = len(lines)
    if path.endswith(".h"):
        if count > HEADER_FAIL:
            return [f"{path}: {count} lines; a header has at most "
                    f"{HEADER_FAIL}, look for two ideas"], []
        if count > HEADER_WARN:
            return [], [f"{path}: {count} lines; over {HEADER_WARN}, look for "
                        "two ideas"]
    elif path.endswith((".c", ".cc")) and count > SOURCE_FAIL:
        return [f"{path}: {count} lines; a source has at most {SOURCE_FAIL}, "
                "look for two ideas"], []
    return [], []


def _allowed(line, rule):
    found = ALLOW.search(line)
    return found is not None and found.group(1) == rule


def check_line(path, number, line):
    """Returns the problems of one line."""
    where = f"{path}:{number}"
    problems = []
    if line != line.rstrip():
        problems.append(f"{where}: trailing whitespace")
    if (path.endswith(CODE + (".py",)) and is_test_file(path)
            and not path.startswith("tools/lint/")
            and SLEEP.search(line) and not _allowed(line, "sleep")):
        problems.append(f"{where}: a test waits for the event, it does not "
                        "sleep")
    if (TODO.search(line) and not GOOD_TODO.search(line)
            and not path.startswith("tools/lint/")):
        problems.append(f"{where}: write TODO(#123): when it goes away")
    if MACHINE_PATH.search(line) and not _allowed(line, "path"):
        problems.append(f"{where}: a path of somebody's machine")
    return problems


def anchors_of(text):
    """Returns the anchors of a document's headings, as the web shows them."""
    anchors = set()
    for heading in re.findall(r"^#+ +(.*?)\s*#*$", FENCE.sub("", text),
                              re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        anchors.add(plain.replace(" ", "-"))
    return anchors


def check_links(path, text, files):
    """Returns the links of a document that lead nowhere.

    `files` maps each tracked path to its text.
    """
    problems = []
    folders = {os.path.dirname(each) for each in files}
    for link in LINK.findall(
            INLINE_CODE.sub("`code`", FENCE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        where = path if not target else os.path.normpath(
            os.path.join(os.path.dirname(path), target))
        inside = any(f == where or f.startswith(where + "/") for f in folders)
        if where not in files and not inside:
            problems.append(f"{path}: link to {link}: no such file")
        elif anchor and where in files and (
                anchor not in anchors_of(files[where])):
            problems.append(f"{path}: link to {link}: no such heading")
    return problems


def check_doc_names(path, text, files):
    """Returns the documents that `text` names and that do not exist."""
    if not any(each.startswith("docs/") for each in files):
        return []
    return [f"{path}: names {name}, which does not exist"
            for name in sorted(set(DOC_NAME.findall(text)))
            if name not in files]


def names_in(text):
    """Returns the source files and the identifiers that a document names in
    code spans: `core/x.h`, `Class::Member`, `Function()`."""
    paths = set()
    words = set()
    for span in SPAN.findall(FENCE.sub("", text)):
        if SOURCE_PATH.match(span):
            paths.add(span)
        for pattern in (MEMBER, FUNCTION):
            found = pattern.match(span)
            words.update(found.groups() if found else ())
    return paths, words


def check_code_names(documents, files):
    """Returns what documents name and the code does not have (any more).

    `documents` and `files` map paths to texts.
    """
    known = set()
    for path, text in files.items():
        if path.endswith(CODE):
            known.update(re.findall(r"\b[A-Za-z_]\w+\b", text))
    problems = []
    for path, text in sorted(documents.items()):
        paths, words = names_in(text)
        problems += [f"{path}: names {each}, which does not exist"
                     for each in sorted(paths) if each not in files]
        problems += [f"{path}: names {word}, which no code has"
                     for word in sorted(words) if word not in known]
    return problems


def check(files):
    """Returns (failures, warnings) for path -> text."""
    failures = []
    warnings = []
    for path, text in sorted(files.items()):
        lines = text.split("\n")
        failed, warned = check_length(path, text.splitlines())
        failures += failed
        warnings += warned
        for number, line in enumerate(lines, 1):
            failures += check_line(path, number, line)
        if text and not text.endswith("\n"):
            failures.append(f"{path}: no newline at the end")
        if path.endswith(".md"):
            failures += check_links(path, text, files)
        if not path.startswith("tools/lint/"):
            failures += check_doc_names(path, text, files)
    documents = {p: t for p, t in files.items() if p.endswith(".md")}
    failures += check_code_names(documents, files)
    return failures, warnings


def read_tracked():
    """Returns path -> text of every tracked text file."""
    done = subprocess.run(["git", "ls-files", "-z"], capture_output=True,
                          check=True)
    files = {}
    for path in done.stdout.decode().split("\0"):
        if not os.path.isfile(path) or os.path.islink(path):
            continue
        if CORPUS.search(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        if b"\0" not in content:
            files[path] = content.decode("utf-8", "replace")
    return files


def main():
    files = read_tracked()
    failures, warnings = check(files)
    for warning in warnings:
        print("warning: " + warning)
    for failure in failures:
        print(failure)
    print(f"style: {len(files)} files checked, {len(failures)} problems")
    return 1 if failures or not files else 0


if __name__ == "__main__":
    sys.exit(main())
