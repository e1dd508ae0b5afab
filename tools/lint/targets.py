"""The targets of the workspace, as `bazel query` tells them."""

import os
import subprocess
import xml.etree.ElementTree


class Target:
    """One rule: its label, kind, and the labels it names."""

    def __init__(self, label, kind="cc_library", srcs=(), hdrs=(), deps=(),
                 inputs=(), testonly=False, linkopts=()):
        self.label = label
        self.kind = kind
        self.srcs = list(srcs)
        self.hdrs = list(hdrs)
        self.deps = list(deps)
        self.inputs = list(inputs)  # every label it names, these included
        self.testonly = testonly
        self.linkopts = list(linkopts)

    @property
    def package(self):
        return package_of(self.label)

    @property
    def is_test(self):
        return self.testonly or self.kind.endswith("_test")


def package_of(label):
    """Returns "core/base" for "//core/base:unique_fd"; keeps "@absl//"."""
    package = label.split(":")[0]
    return package[2:] if package.startswith("//") else package


def path_of(label):
    """Returns the file that a source label names, None for an external one."""
    if not label.startswith("//"):
        return None
    package, _, name = label[2:].partition(":")
    return os.path.join(package, name)


def parse_query(text):
    """Returns the targets in the output of `bazel query --output=xml`."""
    # ElementTree reads XML 1.0 only; nothing here needs 1.1.
    root = xml.etree.ElementTree.fromstring(
        text.replace('version="1.1"', 'version="1.0"', 1))
    return [_parse_rule(rule) for rule in root.iter("rule")]


def _parse_rule(rule):
    def names(attribute, tag):
        path = f"list[@name='{attribute}']/{tag}"
        return [element.get("value") for element in rule.findall(path)]

    testonly = rule.find("boolean[@name='testonly']")
    actual = rule.find("label[@name='actual']")
    return Target(
        rule.get("name"),
        kind=rule.get("class"),
        srcs=names("srcs", "label"),
        hdrs=names("hdrs", "label"),
        deps=names("deps", "label")
        + ([actual.get("value")] if actual is not None else []),
        inputs=[element.get("name") for element in rule.findall("rule-input")],
        testonly=testonly is not None and testonly.get("value") == "true",
        linkopts=names("linkopts", "string"))


def query_workspace():
    """Asks Bazel for every rule of the workspace; raises when it fails."""
    command = ["bazel", "query", "--noshow_progress", "--noimplicit_deps",
               "--notool_deps", "--output=xml", "kind(rule, //...)"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bazel query failed:\n{done.stderr}")
    return parse_query(done.stdout)
