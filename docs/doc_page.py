"""A page of documentation as something that can be run.

A fenced block is taken in hand by an HTML comment on the line before it, which
readers do not see:

  <!-- file: NAME -->   its text is written to NAME
  <!-- runs -->         console: each command runs to its end; its output and
                        that below it are the same; sh: all of them run, one
                        after the other, to exit code 0
  <!-- serves -->       console: its one command goes on running
  <!-- goes on -->      console: what that command printed meanwhile; a line ^C
                        sends SIGINT, after which the command must end
  <!-- starts -->       sh: each line starts a host, which then ends on SIGTERM
  <!-- tested by: LABEL --> that test reads the page and runs them
  <!-- not run: WHY --> nothing

In shown output a line "..." stands for any lines. Times, process ids, build ids,
the folder of a "path" and the number of the worker that happens to answer may
differ; a process id that was shown once means the same process in later blocks.
"""

import collections
import re

Block = collections.namedtuple("Block", "page line mark detail language text")

_MARK = re.compile(r"<!-- (file|runs|serves|goes on|starts|tested by|not run)"
                   r"(?:: (.*?))? -->$")
_FENCE = re.compile(r"```(\w*)$")
_COMMAND_LANGUAGES = ("console", "sh")
# How a line begins that is a command, whatever the block calls itself.
_COMMAND = re.compile(r"(bazel|python3|sed|\./setup|\.ci/run|export|[gc]\+\+) ")


class PageError(Exception):
    """The page itself is wrong."""


def blocks(page, text):
    """Returns the fenced blocks of a page, in order."""
    found = []
    lines = text.split("\n")
    mark = ("", "")
    number = 0
    while number < len(lines):
        line = lines[number]
        marked = _MARK.match(line)
        fence = _FENCE.match(line)
        if marked:
            mark = (marked.group(1), marked.group(2) or "")
        elif fence:
            end = lines.index("```", number + 1)
            body = "\n".join(lines[number + 1:end]) + "\n"
            found.append(Block(page, number + 1, *mark, fence.group(1), body))
            number = end
            mark = ("", "")
        elif mark[0]:
            raise PageError(f"{page}:{number}: a mark without a block")
        number += 1
    return found


def unmarked(all_blocks):
    """Returns the blocks of commands that nobody has decided about."""
    return [b for b in all_blocks if not b.mark
            and (b.language in _COMMAND_LANGUAGES or _COMMAND.match(b.text))]


def indented_commands(text):
    """Returns the numbers of lines that show commands outside of blocks."""
    return [number for number, line in enumerate(text.split("\n"), 1)
            if line.startswith("    ") and _COMMAND.match(line[4:])]


def commands(block):
    """Returns [(command, [line of output, ...]), ...] of a console block.

    A command that ends in a backslash goes on in the next line.
    """
    found = []
    going_on = False
    for line in block.text.splitlines():
        if going_on:
            found[-1][0] += "\n" + line
        elif line.startswith("$ "):
            found.append([line[2:], []])
        elif found:
            found[-1][1].append(line)
        else:
            raise PageError(f"{block.page}:{block.line}: output of no command")
        going_on = (going_on or line.startswith("$ ")) and line.endswith("\\")
    return [tuple(each) for each in found]


class Names:
    """What documented ports and process ids are in this run."""

    def __init__(self, port_for):
        self._port_for = port_for
        self._ports = {}  # by documented port, or abstract name
        self._pids = {}

    def port(self, documented):
        if documented not in self._ports:
            self._ports[documented] = str(self._port_for())
        return self._ports[documented]

    def fill_in(self, text):
        """Returns a command or a line with this run's ports and ids."""
        text = re.sub(r"\b(80[89]\d|90\d\d)\b",
                      lambda m: self.port(m.group(1)), text)
        # Abstract names are the machine's, not the folder's.
        text = re.sub(r"(?<=unix:@)\w+",
                      lambda m: m.group(0) + self.port(m.group(0)), text)
        return re.sub(r"\b\d{4,7}\b",
                      lambda m: self._pids.get(m.group(0), m.group(0)), text)

    def matches(self, shown, actual):
        """Says whether a line is the shown one; learns its process id."""
        pid = re.search(r"(?<=\[)\d{4,7}(?=\] )|(?<=\"pid\":)\d{4,7}", shown)
        pattern = re.escape(self.fill_in(shown))
        pattern = re.sub(r"\d{4}\\-\d\d\\-\d\dT\d\d:\d\d:\d\d\\\.\d{3}Z",
                         r"[-\\d]+T[:\\d]+\\.\\d{3}Z", pattern)
        pattern = re.sub(r"(from\\ worker\\ |X\\-Worker:\\ )\d+", r"\1\\d+",
                         pattern)
        pattern = re.sub(r"\d+\\\.\d\\ ms\\ after\\ fork",
                         r"[\\d.]+\\ ms\\ after\\ fork", pattern)
        pattern = re.sub(r"(build\\ id(?:\\ )+)[0-9a-f]+", r"\1[0-9a-f]+",
                         pattern)
        pattern = re.sub(r"^(path(?:\\ )+)/.*(/[^/]+)$", r"\1/.*\2", pattern)
        pattern = re.sub(r"(compiled\\ by\\ ).*", r"\1.*", pattern)
        if pid and pid.group(0) not in self._pids:
            pattern = re.sub(rf"(\\\[|\"pid\":){pid.group(0)}",
                             r"\1(?P<pid>\\d+)", pattern)
        found = re.fullmatch(pattern, actual)
        if found and "pid" in found.groupdict():
            self._pids[pid.group(0)] = found.group("pid")
        return found is not None


def same_lines(shown, actual, names):
    """Says whether the lines are the shown ones, in order."""
    if not shown:
        return not actual
    if shown[0] == "...":
        return any(same_lines(shown[1:], actual[skipped:], names)
                   for skipped in range(len(actual) + 1))
    return (bool(actual) and names.matches(shown[0], actual[0])
            and same_lines(shown[1:], actual[1:], names))


def take_lines(shown, actual, names):
    """Removes from `actual` each shown line, in any order: processes that run
    at the same time print as they come. Returns the shown lines that are not
    there.
    """
    missing = []
    for line in shown:
        if line == "...":
            continue
        at = next((i for i, each in enumerate(actual)
                   if names.matches(line, each)), None)
        if at is None:
            missing.append(line)
        else:
            del actual[at]
    return missing
