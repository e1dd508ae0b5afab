#!/usr/bin/env python3
"""Asks the build graph whether the layers hold.

A layer that is only drawn in a document erodes. Each rule below says from which
packages which others must not be reached, by any path; the names of packages
are those of docs/architecture.md. Run it at the root of the workspace.

Tests may reach across (a test of the primary may run a real worker), so only
what is shipped is asked.
"""

import collections
import re
import sys

import targets as graph

# Within these, code that loads plugins must not be compiled at all.
LOADS_CODE = re.compile(r"\bdl(m?open|sym)\s*\(|<dlfcn\.h>")

# A class that is a policy.
DEFINES_POLICY = re.compile(
    r"\b(?:class|struct)\s+\w+[^;{]*:[^;{]*\bpublic\s+(?:\w+::)*Policy\b")

Rule = collections.namedtuple("Rule", "name applies forbids why")


def under(*roots):
    """Returns a predicate: the label's package is one of `roots` or below."""
    def predicate(label):
        package = graph.package_of(label)
        return any(package == root or package.startswith(root + "/")
                   for root in roots)
    return predicate


def except_under(inside, *roots):
    """Returns a predicate: `inside` holds and the package is not in `roots`."""
    outside = under(*roots)
    return lambda label: inside(label) and not outside(label)


is_boost = under("@boost//", "third_party/asio")
is_example = except_under(under("plugins"), "plugins/abi", "plugins/sdk",
                          "plugins/host", "plugins/testing")


def is_ours(label):
    return not label.startswith("@") and not under("third_party")(label)


def is_text_only(label):
    """The one part of core/base that decides and touches no descriptor."""
    return label.split(".")[0] == "//core/base:nearest_name"


# What the policy lab may name of the scheduler: what a policy is, and how one is
# made by name. Single policies it reaches through the registry alone.
LAB_SEES = ("//scheduler:policy", "//scheduler:registry")


def is_loader(label):
    return under("plugins/host")(label) and "loader" in label


RULES = [
    Rule("scheduler decides only", under("scheduler"),
         lambda l: is_boost(l) or (is_ours(l) and not under("scheduler")(l)
                                   and not is_text_only(l)),
         "policies are values in, values out: no socket, process or loop"),
    Rule("ipc knows no worker and no policy", under("ipc"),
         except_under(is_ours, "ipc", "core/base"),
         "ipc stands on core/base alone"),
    Rule("core/base is the ground", under("core/base"),
         except_under(is_ours, "core/base"),
         "everything stands on it"),
    Rule("the event loop's tools know nobody", under("core/event_loop"),
         except_under(is_ours, "core/event_loop", "core/base"),
         "whoever runs on an io_context may use them"),
    Rule("operators' tools do not see the primary", under("core/admin"),
         under("core/primary"), "the primary obeys what core/admin defines"),
    Rule("cereal stays behind ipc", under("scheduler", "plugins", "core/base"),
         under("@cereal//"), "payloads are decoded by ipc's bounded archive"),
    Rule("the primary loads no plugin", under("core/primary"),
         is_loader, "plugin code never runs in the primary"),
    Rule("the supervisor loads no plugin", under("core/supervisor"),
         is_loader, "plugin code never runs in the primary"),
    Rule("the primary does not see the worker", under("core/primary"),
         under("core/worker"), "they share core/control and core/scoreboard"),
    Rule("connections know no listener and no worker's life",
         under("core/primary/connections"),
         lambda l: (under("core/supervisor")(l)
                    or except_under(under("core/primary"),
                                    "core/primary/connections")(l)),
         "they go to slots, whoever is in them"),
    Rule("listeners know no worker's life", under("core/primary/listeners"),
         lambda l: (under("core/supervisor")(l)
                    or except_under(under("core/primary"),
                                    "core/primary/connections",
                                    "core/primary/listeners")(l)),
         "they serve slots, whoever is in them"),
    Rule("the worker does not see the primary", under("core/worker"),
         under("core/primary", "core/supervisor", "scheduler"),
         "they share core/control and core/scoreboard"),
    Rule("the plugin ABI needs nothing", under("plugins/abi"),
         lambda l: not under("plugins/abi")(l), "it is C11, for every language"),
    Rule("the plugin SDK needs the ABI only", under("plugins/sdk"),
         except_under(is_ours, "plugins/sdk", "plugins/abi"),
         "what plugin authors include must not drag in the host"),
    Rule("a plugin sees the ABI and the SDK only", is_example,
         lambda l: (is_ours(l) and not is_example(l)
                    and not under("plugins/abi", "plugins/sdk")(l)),
         "a plugin must build and load without the host"),
    Rule("nothing shipped depends on tools or tests",
         under("core", "ipc", "scheduler", "plugins"),
         under("tools", "tests"), "calls go down"),
]


def reach(start, edges):
    """Returns label -> the label it was reached from, by breadth first."""
    came_from = {start: None}
    queue = collections.deque([start])
    while queue:
        label = queue.popleft()
        for following in edges.get(label, ()):
            if following not in came_from:
                came_from[following] = label
                queue.append(following)
    return came_from


def path_to(label, came_from):
    path = []
    while label is not None:
        path.append(label)
        label = came_from[label]
    return " -> ".join(reversed(path))


def edges_of(all_targets):
    return {target.label: target.inputs for target in all_targets}


def check(rules, all_targets):
    """Returns (problems, number of rules that met at least one target)."""
    edges = edges_of(all_targets)
    shipped = [target for target in all_targets if not target.is_test]
    problems = []
    evaluated = 0
    for rule in rules:
        starts = [t for t in shipped if rule.applies(t.label)]
        evaluated += 1 if starts else 0
        for start in starts:
            came_from = reach(start.label, edges)
            for label in came_from:
                if rule.forbids(label):
                    problems.append(f"{rule.name} ({rule.why}):\n"
                                    f"  {path_to(label, came_from)}")
                    break
    return problems, evaluated


def check_loads_no_code(all_targets, read):
    """Returns (problems, evaluated): no dlopen in what the primary links.

    `read` gives the text of a source label, or None for what is not ours.
    """
    edges = edges_of(all_targets)
    starts = [t for t in all_targets
              if under("core/primary", "core/supervisor")(t.label)
              and not t.is_test]
    problems = []
    for start in starts:
        came_from = reach(start.label, edges)
        for label in came_from:
            text = read(label)
            if text is not None and LOADS_CODE.search(text):
                problems.append("the primary loads no code:\n"
                                f"  {path_to(label, came_from)} calls dlopen")
    return problems, 1 if starts else 0


def check_lab_holds_no_policy(all_targets, read):
    """Returns (problems, evaluated): the policy lab has no policy of its own.

    None of its targets, tests included, names a target of the scheduler but
    those two, and no source of it defines a policy.
    """
    lab = [t for t in all_targets if under("tools/policy_lab")(t.label)]
    problems = []
    for target in lab:
        for label in target.inputs:
            if under("scheduler")(label) and label not in LAB_SEES:
                problems.append(
                    "the policy lab runs the host's policies (it makes them by "
                    f"name):\n  {target.label} -> {label}")
            text = read(label) if under("tools/policy_lab")(label) else None
            if text is not None and DEFINES_POLICY.search(text):
                problems.append("the policy lab holds no policy:\n"
                                f"  {label} derives a class from Policy")
    return problems, 1 if lab else 0


def read_source(label):
    path = graph.path_of(label)
    if path is None or not re.search(r"\.(c|cc|h)$", path):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:  # generated
        return None


def main():
    all_targets = graph.query_workspace()
    problems, evaluated = check(RULES, all_targets)
    more, one = check_loads_no_code(all_targets, read_source)
    problems += more
    evaluated += one
    more, one = check_lab_holds_no_policy(all_targets, read_source)
    problems += more
    evaluated += one
    for problem in problems:
        print(problem)
    print(f"build_graph: {evaluated} of {len(RULES) + 2} rules evaluated over "
          f"{len(all_targets)} targets, {len(problems)} problems")
    if evaluated == 0:
        print("build_graph: no rule met a target; were packages renamed?")
    return 1 if problems or evaluated == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
