"""What is compared with a baseline: the ABI as libabigail and the preprocessor
see it.

A probe is a shared object that exports one pointer to each struct in
plugins/abi/layout.h, so that everything reachable from them is described in its
debug information. A baseline is a folder with `structs.abi`, the probe as abidw
describes it, and `constants.txt`, a line for each constant.
"""

import os
import re
import subprocess

HEADERS = ("cluster_plugin.h", "cluster_plugin_note.h")
STRUCTS_FILE = "structs.abi"
CONSTANTS_FILE = "constants.txt"

# Of the compiler's, not of the ABI's.
NO_CONSTANTS = {"CLUSTER_COMPILER", "CLUSTER_SANITIZERS", "CLUSTER_EXPORT"}


def _run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code "
                           f"{done.returncode}\n{done.stderr}")
    return done.stdout


def _layout(root):
    with open(os.path.join(root, "plugins/abi/layout.h"),
              encoding="utf-8") as file:
        return file.read()


def structs_of(root):
    """Returns the names that layout.h has sizes for."""
    return re.findall(r"^CLUSTER_SIZE\((cluster_\w+),", _layout(root), re.M)


def growable_structs(root):
    """Returns the structs that begin with their size (the entry: with its
    magic), so that a reader knows how much is there."""
    return {"cluster_plugin_entry_t"} | set(re.findall(
        r"^CLUSTER_AT\((\w+), size, 0\);", _layout(root), re.M))


def build_probe(root, folder):
    """Compiles the probe of the headers below `root`. Returns its path."""
    source = os.path.join(folder, "probe.c")
    with open(source, "w", encoding="utf-8") as file:
        for name in HEADERS:
            file.write(f'#include <plugins/abi/{name}>\n')
        for name in structs_of(root):
            file.write(f"const {name}* probe_{name};\n")
    probe = os.path.join(folder, "probe.so")
    _run(["gcc", "-std=c11", "-g", "-O0", "-shared", "-fPIC", f"-I{root}",
          f"-ffile-prefix-map={folder}/=", "-o", probe, source])
    return probe


def describe(probe):
    """Returns abidw's description of the probe, without what differs between
    machines."""
    return _run(["abidw", "--no-corpus-path", "--no-comp-dir-path",
                 "--no-show-locs", "--no-elf-needed", "--no-parameter-names",
                 "--type-id-style", "hash", probe])


def compare(baseline, probe):
    """Returns abidiff's report on the probe, against the file `baseline`."""
    command = ["abidiff", "--no-default-suppression", "--leaf-changes-only",
               "--harmless", "--no-added-syms", "--no-show-locs",
               "--fail-no-debug-info", baseline, probe]
    done = subprocess.run(command, capture_output=True, text=True)
    # 4: something changed, 8: incompatibly; 1 and 2 are failures of its own.
    if done.returncode & 3 or (done.returncode and not done.stdout.strip()):
        raise RuntimeError(f"abidiff: exit code {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
    return done.stdout


def constants_of(root):
    """Returns name -> text of each constant of the headers below `root`."""
    source = "".join(  # <>: not those of the working directory
        f"#include <plugins/abi/{name}>\n"
        for name in sorted(os.listdir(os.path.join(root, "plugins/abi")))
        if name.startswith("cluster_") and name.endswith(".h"))
    text = _run(["clang-19", "-std=c11", f"-I{root}", "-x", "c", "-E", "-dM",
                 "-"], input=source)
    found = dict(re.findall(r"^#define (CLUSTER_\w*[^_\W]) (\S.*)$", text,
                            re.M))
    return {name: value for name, value in found.items()
            if name not in NO_CONSTANTS}


def version_of(root):
    """Returns (major, minor, oldest minor that runs) of the headers."""
    constants = constants_of(root)
    return tuple(int(constants[name].rstrip("u")) for name in (
        "CLUSTER_ABI_MAJOR", "CLUSTER_ABI_MINOR", "CLUSTER_ABI_OLDEST_MINOR"))


def read_constants(path):
    with open(path, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(" ", 1) for line in file)


def write_baseline(root, probe, folder):
    """Writes the two files of a baseline."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, STRUCTS_FILE), "w",
              encoding="utf-8") as file:
        file.write(describe(probe))
    with open(os.path.join(folder, CONSTANTS_FILE), "w",
              encoding="utf-8") as file:
        for name, value in sorted(constants_of(root).items()):
            file.write(f"{name} {value}\n")
