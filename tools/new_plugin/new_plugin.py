"""Writes a small plugin with a test that passes at once.

In this workspace it is a package with worker_plugin and a test on the fake host;
--standalone writes a folder with a Makefile for an installed host.
"""

import os
import re
import shutil
import sys
import tempfile

TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "templates")
MAX_NAME_BYTES = 47  # what the note holds

USAGE = """\
Usage: bazel run //tools/new_plugin -- NAME [--cpp|--lambda|--c]
           [--standalone] [--dir=FOLDER]

Writes a plugin that greets and closes, and a test of it.

  --cpp         a class, in C++ (the default)
  --lambda      a lambda, in C++
  --c           C
  --standalone  a folder with a Makefile, for a host that is installed
                (bazel run //:install), in place of a package of this workspace
  --dir=FOLDER  where the folder NAME is made; FOLDER is made if there is none
                (default: plugins in this workspace; with --standalone where
                the command was typed)
  --help        print this

Exit codes: 0 done, 1 it cannot be written, 2 wrong use.
"""

# By flag: template, suffix, library of the rule, command of the Makefile.
KINDS = {
    "--cpp": ("plugin_class.cc.tpl", ".cc", "//plugins/sdk:worker",
              "$(CXX) -std=c++20 $(CXXFLAGS)"),
    "--lambda": ("plugin_lambda.cc.tpl", ".cc", "//plugins/sdk:worker",
                 "$(CXX) -std=c++20 $(CXXFLAGS)"),
    "--c": ("plugin.c.tpl", ".c", "//plugins/abi:cluster_plugin",
            "$(CC) -std=c11 $(CFLAGS)"),
}


class Refusal(Exception):
    """What is wrong and what to do, and the exit code."""

    def __init__(self, text, code=2):
        super().__init__(text)
        self.code = code


class Wish:
    """What the arguments ask for."""

    def __init__(self, arguments):
        self.kind = None
        self.standalone = False
        self.folder = None
        names = []
        for argument in arguments:
            if argument in KINDS:
                if self.kind not in (None, argument):
                    raise Refusal(f"{self.kind} and {argument} exclude each "
                                  "other: give one")
                self.kind = argument
            elif argument == "--standalone":
                self.standalone = True
            elif argument.startswith("--dir="):
                self.folder = argument[len("--dir="):]
                if not self.folder:
                    raise Refusal("--dir= is empty: name a folder")
            elif argument.startswith("-"):
                raise Refusal(f"unknown flag {argument}: --help lists all")
            else:
                names.append(argument)
        if not names:
            raise Refusal("no NAME: write new_plugin my_service")
        if len(names) > 1:
            raise Refusal(f"{names[1]} is a second NAME: give one")
        self.kind = self.kind or "--cpp"
        self.name = names[0]
        check_name(self.name)


def check_name(name):
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise Refusal(f"{name!r} is no name for a plugin: use letters, digits "
                      "and _, and begin with a letter")
    if len(name) > MAX_NAME_BYTES:
        raise Refusal(f"{name} has {len(name)} letters: at most "
                      f"{MAX_NAME_BYTES} are possible")


def class_name(name):
    parts = [part for part in name.split("_") if part]
    return "".join(part[0].upper() + part[1:] for part in parts) + "Worker"


def fill_in(template, words):
    with open(os.path.join(TEMPLATES, template), encoding="utf-8") as file:
        text = file.read()
    return re.sub("@([A-Z]+)@", lambda found: words[found.group(1)], text)


def contents(wish, package):
    """Returns the text of each file, by its name."""
    template, suffix, library, compile_command = KINDS[wish.kind]
    source = wish.name + suffix
    words = {"NAME": wish.name, "CLASS": class_name(wish.name),
             "PACKAGE": package, "SOURCE": source, "LIBRARY": library,
             "COMPILE": compile_command}
    files = {source: template}
    if wish.standalone:
        files.update({wish.name + "_test.cc": "standalone_test.cc.tpl",
                      "Makefile": "Makefile.tpl", "test.sh": "test.sh.tpl"})
    else:
        files.update({wish.name + "_test.cc": "plugin_test.cc.tpl",
                      "BUILD.bazel": "BUILD.tpl"})
    return {name: fill_in(template, words) for name, template in files.items()}


def write_folder(folder, files):
    """Makes the folder, and those above it, with all files, or nothing."""
    parent = os.path.dirname(folder)
    try:
        os.makedirs(parent, exist_ok=True)
        scratch = tempfile.mkdtemp(prefix=".new_plugin.", dir=parent)
    except OSError as error:
        raise Refusal(f"cannot write to {parent}: {error.strerror}", 1)
    try:
        for name, text in files.items():
            path = os.path.join(scratch, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o755 if name.endswith(".sh") else 0o644)
        os.chmod(scratch, 0o755)
        os.rename(scratch, folder)
    except OSError as error:
        raise Refusal(f"cannot write {folder}: {error.strerror}", 1)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def package_of(folder, workspace):
    package = os.path.relpath(os.path.realpath(folder),
                              os.path.realpath(workspace))
    if package == ".." or package.startswith("../"):
        raise Refusal(f"{folder} is not in this workspace: add --standalone")
    return package


def run(arguments, workspace, working_directory):
    """Does it and returns what to tell. Raises Refusal."""
    if "--help" in arguments or "-h" in arguments:
        return USAGE
    wish = Wish(arguments)
    if wish.folder is not None:
        parent = os.path.join(working_directory, wish.folder)
    elif wish.standalone:
        parent = working_directory
    elif workspace is None:
        raise Refusal("there is no workspace here: use bazel run, or add "
                      "--standalone")
    else:
        parent = os.path.join(workspace, "plugins")
    folder = os.path.join(os.path.normpath(parent), wish.name)
    package = "" if wish.standalone else package_of(folder, workspace)
    if os.path.lexists(folder):
        raise Refusal(f"{folder} exists: choose another name, or remove it", 1)
    files = contents(wish, package)
    write_folder(folder, files)
    lines = ["Wrote"] + [f"  {os.path.join(folder, name)}" for name in files]
    if wish.standalone:
        lines.append(f"Next: make -C {folder} test")
    else:
        lines.append(f"Next: bazel test //{package}:all")
    return "\n".join(lines) + "\n"


def main():
    try:
        sys.stdout.write(run(
            sys.argv[1:], os.environ.get("BUILD_WORKSPACE_DIRECTORY"),
            os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd())))
    except Refusal as refusal:
        sys.stderr.write(f"new_plugin: {refusal}\n")
        sys.exit(refusal.code)


if __name__ == "__main__":
    main()
