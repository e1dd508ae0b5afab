"""Every struct of the ABI and every field of it has a line in layout.h.

The compilers check the numbers in layout.h (headers_test.sh); this test checks
that nothing is missing there, by clang's syntax tree of the headers.
"""

import glob
import json
import re
import subprocess
import unittest

HEADERS = "plugins/abi/cluster_*.h"
LAYOUT = "plugins/abi/layout.h"


def syntax_tree(source):
    """Returns clang's tree of a C source."""
    done = subprocess.run(
        ["clang-19", "-std=c11", "-I.", "-x", "c", "-fsyntax-only",
         "-Xclang", "-ast-dump=json", "-"],
        input=source, capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def structs_in(source):
    """Returns name -> fields of each struct or union that `source` defines
    under a name of the ABI; "" stands for a field without a name."""
    found = {}
    for node in syntax_tree(source)["inner"]:
        if (node["kind"] == "RecordDecl" and node.get("completeDefinition")
                and node.get("name", "").startswith("cluster_")):
            found[node["name"]] = [
                child.get("name", "") for child in node.get("inner", [])
                if child["kind"] == "FieldDecl"]
    return found


def names_in_table(text):
    """Returns (structs, (struct, field) pairs) that layout.h has lines for."""
    sizes = re.findall(r"^CLUSTER_SIZE\((cluster_\w+), \d+\);$", text, re.M)
    fields = re.findall(r"^CLUSTER_AT\((\w+), (\w+), \d+\);$", text, re.M)
    return sizes, fields


def missing_lines(structs, table):
    """Returns a line for each struct or field that the table lacks."""
    sizes, fields = names_in_table(table)
    missing = [f"CLUSTER_SIZE({name}, ...);"
               for name in structs if name not in sizes]
    for name, its_fields in structs.items():
        missing += [f"CLUSTER_AT({name}, {field}, ...);"
                    for field in its_fields if (name, field) not in fields]
    return missing


def include_all():
    return "".join(f'#include "{header}"\n'
                   for header in sorted(glob.glob(HEADERS)))


class LayoutTest(unittest.TestCase):
    def test_every_struct_and_field_has_its_line(self):
        structs = structs_in(include_all())
        self.assertGreater(len(structs), 20)
        with open(LAYOUT, encoding="utf-8") as file:
            missing = missing_lines(structs, file.read())
        self.assertEqual(missing, [], f"add to {LAYOUT}")

    def test_no_line_is_there_twice(self):
        with open(LAYOUT, encoding="utf-8") as file:
            sizes, fields = names_in_table(file.read())
        self.assertEqual(len(sizes), len(set(sizes)))
        self.assertEqual(len(fields), len(set(fields)))

    def test_no_struct_has_members_that_cannot_be_named(self):
        for name, fields in structs_in(include_all()).items():
            self.assertNotIn("", fields, name)


class NetTest(unittest.TestCase):
    """What must be caught."""

    TABLE = "CLUSTER_SIZE(cluster_a, 8);\nCLUSTER_AT(cluster_a, size, 0);\n"

    def missing(self, source):
        return missing_lines(structs_in(source), self.TABLE)

    def test_whole_table_passes(self):
        self.assertEqual(
            self.missing("typedef struct cluster_a { int size; } cluster_a;"),
            [])

    def test_field_without_line_is_found(self):
        self.assertEqual(
            self.missing("struct cluster_a { int size; void (*more)(int); };"),
            ["CLUSTER_AT(cluster_a, more, ...);"])

    def test_struct_without_line_is_found(self):
        self.assertEqual(
            self.missing("struct cluster_b { int size; };"),
            ["CLUSTER_SIZE(cluster_b, ...);", "CLUSTER_AT(cluster_b, size, ...);"])

    def test_anonymous_member_is_seen(self):
        found = structs_in("struct cluster_a { union { int b; long c; }; };")
        self.assertEqual(found, {"cluster_a": [""]})

    def test_struct_that_is_only_declared_needs_none(self):
        self.assertEqual(self.missing("struct cluster_b;"), [])


if __name__ == "__main__":
    unittest.main()
