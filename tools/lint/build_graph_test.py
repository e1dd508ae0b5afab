"""Tests of build_graph: made-up graphs that break each rule."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import build_graph
from targets import Target


def targets(edges):
    return [Target(label, inputs=inputs) for label, inputs in edges.items()]


class CheckTest(unittest.TestCase):
    def broken_by(self, edges):
        """Returns the names of the rules that `edges` break."""
        problems, _ = build_graph.check(build_graph.RULES, targets(edges))
        return sorted({problem.split(" (")[0] for problem in problems})

    def test_layers_as_drawn_pass(self):
        edges = {
            "//core/host:main": ["//core/primary:primary",
                                 "//core/worker:runtime"],
            "//core/primary:primary": ["//core/primary/workers:life",
                                       "//core/supervisor:supervisor",
                                       "//core/admin:messages",
                                       "//third_party/asio:asio"],
            "//core/primary/workers:life": ["//core/primary/listeners:group"],
            "//core/primary/listeners:group": [
                "//core/primary/connections:dispatcher"],
            "//core/primary/connections:dispatcher": [
                "//scheduler:policy", "//ipc:frame", "//core/event_loop:alarm"],
            "//core/admin:messages": ["//core/event_loop:alarm"],
            "//core/event_loop:alarm": ["//core/base:unique_fd",
                                        "//third_party/asio:asio"],
            "//core/supervisor:supervisor": ["//ipc:frame"],
            "//core/worker:runtime": ["//plugins/host:loader", "//ipc:frame"],
            "//plugins/host:loader": ["//plugins/abi:cluster_plugin"],
            "//plugins/hello_http:hello_http.so": ["//plugins/sdk:plugin"],
            "//plugins/sdk:plugin": ["//plugins/abi:cluster_plugin"],
            "//plugins/abi:cluster_plugin": [],
            "//ipc:frame": ["//core/base:unique_fd", "@cereal//:cereal"],
            "//core/base:unique_fd": ["@absl//:status"],
            "//scheduler:policy": ["@absl//:strings",
                                   "//core/base:nearest_name"],
            "//core/base:nearest_name": ["//core/base:nearest_name.cc"],
        }
        problems, evaluated = build_graph.check(
            build_graph.RULES, targets(edges))
        self.assertEqual(problems, [])
        self.assertEqual(evaluated, len(build_graph.RULES))

    def test_scheduler(self):
        for bad in ["//ipc:frame", "//core/base:unique_fd", "@boost//:headers",
                    "//core/base:nearest_name_fd", "//third_party/asio:asio"]:
            self.assertIn("scheduler decides only",
                          self.broken_by({"//scheduler:policy": [bad]}), bad)

    def test_ipc(self):
        for bad in ["//core/worker:loop", "//scheduler:policy",
                    "//plugins/abi:cluster_plugin"]:
            self.assertEqual(self.broken_by({"//ipc:frame": [bad]}),
                             ["ipc knows no worker and no policy"], bad)

    def test_primary_and_worker(self):
        self.assertEqual(
            self.broken_by({"//core/primary:a": ["//core/worker:b"]}),
            ["the primary does not see the worker"])
        self.assertEqual(
            self.broken_by({"//core/worker:a": ["//core/primary:b"]}),
            ["the worker does not see the primary"])

    def test_parts_of_the_primary(self):
        for bad in ["//core/primary:a", "//core/primary/workers:a",
                    "//core/primary/messages:a", "//core/supervisor:a"]:
            self.assertEqual(
                self.broken_by({"//core/primary/listeners:a": [bad]}),
                ["listeners know no worker's life"], bad)
        self.assertEqual(
            self.broken_by({"//core/primary/connections:a":
                            ["//core/primary/listeners:b"]}),
            ["connections know no listener and no worker's life"])

    def test_event_loop_and_admin(self):
        for bad in ["//core/primary:a", "//ipc:frame"]:
            self.assertEqual(self.broken_by({"//core/event_loop:a": [bad]}),
                             ["the event loop's tools know nobody"], bad)
        self.assertEqual(
            self.broken_by({"//core/admin:a": ["//core/primary:b"]}),
            ["operators' tools do not see the primary"])

    def test_primary_may_know_what_plugin_exit_codes_mean(self):
        self.assertEqual(self.broken_by(
            {"//core/primary:a": ["//plugins/host:exit_code"]}), [])
        self.assertEqual(
            self.broken_by({"//core/primary:a": ["//plugins/host:loader"]}),
            ["the primary loads no plugin"])
        self.assertEqual(
            self.broken_by({"//core/supervisor:a": ["//plugins/host:loader"]}),
            ["the supervisor loads no plugin"])

    def test_forbidden_is_found_by_any_path(self):
        edges = {"//core/primary:a": ["//core/control:b"],
                 "//core/control:b": ["//core/extra:c"],
                 "//core/extra:c": ["//plugins/host:loader"]}
        problems, _ = build_graph.check(build_graph.RULES, targets(edges))
        self.assertIn("//core/primary:a -> //core/control:b -> "
                      "//core/extra:c -> //plugins/host:loader", problems[0])

    def test_plugins(self):
        for bad in ["//core/base:unique_fd", "//ipc:frame",
                    "//plugins/host:loader"]:
            self.assertEqual(
                self.broken_by({"//plugins/hello_http:x.so": [bad]}),
                ["a plugin sees the ABI and the SDK only"], bad)
        self.assertEqual(
            self.broken_by({"//plugins/sdk:plugin": ["//core/base:clock"]}),
            ["the plugin SDK needs the ABI only"])
        self.assertEqual(
            self.broken_by({"//plugins/abi:abi": ["@absl//:status"]}),
            ["the plugin ABI needs nothing"])

    def test_cereal(self):
        self.assertIn("cereal stays behind ipc",
                      self.broken_by({"//scheduler:x": ["@cereal//:cereal"]}))

    def test_names_that_only_begin_alike_are_others(self):
        self.assertEqual(
            self.broken_by({"//core/primary:a": ["//core/worker_view:b"]}), [])

    def test_tests_may_reach_across(self):
        crossing = [Target("//core/primary:a_test", kind="cc_test",
                           inputs=["//core/worker:b"]),
                    Target("//core/primary:rig", testonly=True,
                           inputs=["//core/worker:b"])]
        self.assertEqual(build_graph.check(build_graph.RULES, crossing),
                         ([], 0))

    def test_empty_graph_evaluates_nothing(self):
        self.assertEqual(build_graph.check(build_graph.RULES, []), ([], 0))


class LoadsNoCodeTest(unittest.TestCase):
    EDGES = {"//core/primary:a": ["//core/primary:a.cc", "//core/x:b"],
             "//core/x:b": ["//core/x:b.cc"]}

    def check(self, texts):
        return build_graph.check_loads_no_code(targets(self.EDGES), texts.get)

    def test_clean_sources_pass(self):
        self.assertEqual(self.check({"//core/x:b.cc": "open();"}), ([], 1))

    def test_dlopen_anywhere_below_is_found(self):
        for text in ["dlopen(path)", "dlmopen (x)", "#include <dlfcn.h>"]:
            problems, _ = self.check({"//core/x:b.cc": text})
            self.assertEqual(len(problems), 1, text)

    def test_without_a_primary_nothing_is_evaluated(self):
        self.assertEqual(
            build_graph.check_loads_no_code([], {}.get), ([], 0))


class LabHoldsNoPolicyTest(unittest.TestCase):
    def check(self, edges, texts=None):
        return build_graph.check_lab_holds_no_policy(
            targets(edges), (texts or {}).get)

    def test_policies_by_name_pass(self):
        edges = {"//tools/policy_lab:run_once": [
            "//scheduler:policy", "//scheduler:registry",
            "//tools/policy_lab:run_once.cc"]}
        texts = {"//tools/policy_lab:run_once.cc":
                 "class Run { Policy& policy_; };\n"
                 "class Watch : public PolicyWatcher {};"}
        self.assertEqual(self.check(edges, texts), ([], 1))

    def test_single_policies_are_out_of_reach(self):
        for label in ["//scheduler:p2c", "//scheduler:split_mix64"]:
            for start in ["//tools/policy_lab:x",
                          "//tools/policy_lab/workers:x_test"]:
                problems, _ = self.check({start: [label]})
                self.assertEqual(len(problems), 1, label)
                self.assertIn(f"{start} -> {label}", problems[0])

    def test_what_others_depend_on_is_their_affair(self):
        self.assertEqual(
            self.check({"//scheduler:registry": ["//scheduler:p2c"]}), ([], 0))

    def test_a_policy_of_its_own_is_found(self):
        source = "//tools/policy_lab:mine.h"
        for text in ["class Mine : public Policy {",
                     "class Mine final : public cluster::Policy {",
                     "struct Mine\n    : public Policy {"]:
            problems, _ = self.check({"//tools/policy_lab:mine": [source]},
                                     {source: text})
            self.assertEqual(len(problems), 1, text)


if __name__ == "__main__":
    unittest.main()
