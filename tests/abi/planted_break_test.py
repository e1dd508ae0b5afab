"""The net of baseline_test catches what breaks plugins, and lets additions by.

Each case edits a copy of the headers and compares it with them as they are.
"""

import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import snapshot
import verdict

CONNECTION = "cluster_connection.h"
TYPES = "cluster_types.h"
LAYOUT = "layout.h"
NOTE = "cluster_plugin_note.h"

ID = "  uint64_t id;          /* unique in this host's life */\n"
ACCEPTED = "  uint64_t accepted_ns; /* CLOCK_MONOTONIC */\n"
PEER = "  cluster_address peer;\n} cluster_connection;"
TABLE_END = "} cluster_connection_v1;"
CLOSED = "  void (*closed)(const cluster_host* host, uint64_t id);\n"
WATCH_READY = "void (*ready)(void* ctx, uint32_t events),"

# name -> edits: (file, old, new) each.
BREAKS = {
    "fields change places": [(CONNECTION, ID, ""),
                             (CONNECTION, ACCEPTED, ACCEPTED + ID)],
    "a field gets another type of the same size": [
        (CONNECTION, "uint64_t accepted_ns;", "double accepted_ns;")],
    "a field gets another sign": [(CONNECTION, "int32_t fd; ", "uint32_t fd; ")],
    "a field is renamed": [(CONNECTION, "accepted_ns;", "since_ns;")],
    "an array gets shorter": [(TYPES, "char message[248];",
                               "char message[240];")],
    "a field comes in between": [
        (CONNECTION, ACCEPTED, ACCEPTED + "  uint64_t more;\n")],
    "the last field goes": [(CONNECTION, PEER, "} cluster_connection;")],
    "a function goes": [(CONNECTION, CLOSED, "")],
    "a function comes in between": [
        (CONNECTION, CLOSED, CLOSED + "  void (*more)(void);\n")],
    "a function's parameter gets another type": [
        (CONNECTION, CLOSED, CLOSED.replace("uint64_t", "uint32_t"))],
    "a function gets a parameter more": [
        (CONNECTION, CLOSED, CLOSED.replace("id)", "id, int32_t why)"))],
    "a function returns something else": [
        (CONNECTION, CLOSED, CLOSED.replace("void (", "int32_t ("))],
    "a callback's parameter gets another type": [
        ("cluster_loop.h", WATCH_READY, WATCH_READY.replace("uint32", "int64"))],
    "a type that all use changes": [
        (TYPES, "typedef int32_t cluster_status;",
         "typedef int64_t cluster_status;")],
    "a struct without a size grows": [
        (TYPES, "  uint64_t size;\n} cluster_string;",
         "  uint64_t size;\n  uint64_t more;\n} cluster_string;")],
    "a break beside an addition": [
        (CONNECTION, "uint64_t accepted_ns;", "double accepted_ns;"),
        (CONNECTION, PEER, PEER.replace("}", "  uint64_t more;\n}"))],
    "a struct goes": [(LAYOUT, "CLUSTER_SIZE(cluster_log_v1,",
                       "CLUSTER_SIZE_OF_NONE(")],
    "a constant gets another value": [
        (TYPES, "#define CLUSTER_E_FULL 1", "#define CLUSTER_E_FULL 5")],
    "a constant goes": [(TYPES, "#define CLUSTER_E_GONE 4", "")],
    "a field of the note changes its type": [
        (NOTE, "char version[24];", "uint8_t version[24];")],
    "a field comes in between in the note": [
        (NOTE, "char version[24];", "char version[24];\n  uint32_t more;")],
    "the note gets a field behind its description": [
        (NOTE, "} cluster_plugin_note;",
         "  uint32_t more;\n} cluster_plugin_note;")],
    "a service gets another id": [
        (CONNECTION, '"cluster.connection/1"', '"cluster.connection/2"')],
}

ADDITIONS = {
    "nothing changes": [],
    "a struct with a size grows": [
        (CONNECTION, PEER, PEER.replace("}", "  uint64_t more;\n}"))],
    "a table gets functions": [
        (CONNECTION, TABLE_END,
         "  void (*more)(void);\n  int32_t (*most)(double);\n" + TABLE_END)],
    "the note's description grows": [
        (NOTE, "} cluster_plugin_note_desc;",
         "  char more[8];\n} cluster_plugin_note_desc;")],
    "a new struct": [
        (CONNECTION, PEER, PEER + "\ntypedef struct cluster_new "
                           "{ uint32_t size; } cluster_new;"),
        (LAYOUT, "CLUSTER_SIZE(cluster_log_v1, 16);",
         "CLUSTER_SIZE(cluster_log_v1, 16);\nCLUSTER_SIZE(cluster_new, 4);")],
    "a new constant": [(TYPES, "#define CLUSTER_OK 0",
                        "#define CLUSTER_OK 0\n#define CLUSTER_NEW 7")],
    "the minor moves": [(TYPES, "#define CLUSTER_ABI_MINOR ",
                         "#define CLUSTER_ABI_MINOR 9")],
    "comments change": [(CONNECTION, " /* CLOCK_MONOTONIC */", "")],
}


@unittest.skipUnless(shutil.which("abidiff"), "abigail-tools not installed")
class PlantedBreakTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.baseline = os.path.join(scratch.name, "baseline")
        snapshot.write_baseline(
            ".", snapshot.build_probe(".", scratch.name), cls.baseline)

    def breaks_of(self, edits):
        with tempfile.TemporaryDirectory() as root:
            folder = os.path.join(root, "plugins/abi")
            shutil.copytree("plugins/abi", folder)
            for name, old, new in edits:
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                self.assertEqual(text.count(old), 1, f"{old!r} in {name}")
                os.chmod(path, 0o644)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text.replace(old, new))
            report = snapshot.compare(
                os.path.join(self.baseline, snapshot.STRUCTS_FILE),
                snapshot.build_probe(root, root))
            constants = snapshot.read_constants(
                os.path.join(self.baseline, snapshot.CONSTANTS_FILE))
            return (verdict.breaks_in_structs(
                        report, snapshot.growable_structs(root))
                    + verdict.breaks_in_constants(
                        constants, snapshot.constants_of(root)))

    def test_breaks_are_caught(self):
        for name, edits in BREAKS.items():
            with self.subTest(name):
                self.assertNotEqual(self.breaks_of(edits), [])

    def test_additions_pass(self):
        for name, edits in ADDITIONS.items():
            with self.subTest(name):
                self.assertEqual(self.breaks_of(edits), [])


class VerdictTest(unittest.TestCase):
    def test_line_that_is_not_known_is_a_break(self):
        self.assertNotEqual(
            verdict.breaks_in_structs("something of a later abidiff", set()),
            [])


if __name__ == "__main__":
    unittest.main()
