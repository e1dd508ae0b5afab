"""Makes a C++ source of the tables of coming_from_node.md.

  compile_page.py PAGE > SOURCE

A table behind <!-- compiled: CONTEXT --> has code in its second column: a
statement, if it ends with ";" or is a loop, else an expression. Each becomes a
function of what CONTEXT has. A row without code there is an error.
"""

import re
import sys

_CONTEXTS = {
    "main": "int argc, char** argv, [[maybe_unused]] Cluster& cluster",
    "primary": "[[maybe_unused]] Cluster& cluster, "
               "[[maybe_unused]] Worker& worker",
    "sending": "[[maybe_unused]] Cluster& cluster, "
               "[[maybe_unused]] Worker& worker, "
               "[[maybe_unused]] const Message& message, "
               "[[maybe_unused]] Handle handle",
    "message": "[[maybe_unused]] const Message& message, "
               "[[maybe_unused]] Handle& handle",
    "address": "const Address& address",
    "worker": "[[maybe_unused]] Cluster& cluster, "
              "[[maybe_unused]] ThisWorker& worker",
    "own messages": "[[maybe_unused]] ThisWorker& worker, "
                    "[[maybe_unused]] const Message& message, "
                    "[[maybe_unused]] Handle handle, "
                    "[[maybe_unused]] Connection connection",
    "server": "[[maybe_unused]] ThisWorker& worker, "
              "[[maybe_unused]] std::shared_ptr<Server> server, "
              "[[maybe_unused]] Handle handle",
    "socket": "[[maybe_unused]] ThisWorker& worker, "
              "[[maybe_unused]] std::shared_ptr<DatagramSocket> socket",
    "error": "const absl::Status& error",
    "connection": "[[maybe_unused]] ThisWorker& worker, "
                  "Connection connection",
}
_MARK = re.compile(r"<!-- compiled: ([\w ]+) -->$")
_ROW = re.compile(r"\| .+ \| `((?:[^`\\]|\\.)+)` \|$")

_HEAD = """#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "core/cluster/typed_message.h"
#include "plugins/abi/cluster_plugin.h"

#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang diagnostic ignored "-Wunused-but-set-variable"
#pragma clang diagnostic ignored "-Wshadow"

using namespace cluster;

"""


class PageError(Exception):
    """The page cannot be compiled."""


def rows(page):
    """Returns (line number, context, code) of each row that is compiled."""
    found = []
    context = None
    for number, line in enumerate(page.splitlines(), 1):
        mark = _MARK.match(line)
        if mark:
            context = mark.group(1)
            if context not in _CONTEXTS:
                raise PageError(f"line {number}: no such context: {context}")
        elif context and line.startswith("|"):
            if line.startswith("|---") or line == "| Node | Here |":
                continue
            row = _ROW.match(line)
            if not row:
                raise PageError(f"line {number}: no code in: {line}")
            found.append((number, context, row.group(1).replace("\\|", "|")))
        elif context and line and found and found[-1][0] == number - 1:
            raise PageError(f"line {number}: the table does not end: {line}")
        elif line.startswith("#"):
            context = None
    return found


def function(number, context, code):
    """Returns the C++ function of a row."""
    statement = code.endswith(";")
    declares = context == "main" and code.startswith("Cluster cluster")
    parameters = ("int argc, char** argv" if declares else
                  _CONTEXTS[context].replace("int argc, char** argv, ", ""))
    body = code if statement else f"static_cast<void>({code});"
    return (f"#line {number} \"docs/coming_from_node.md\"\n"
            f"void Line{number}({parameters}) {{ {body} }}\n")


def main(path):
    with open(path, encoding="utf-8") as file:
        found = rows(file.read())
    print(_HEAD)
    for row in found:
        print(function(*row))
    print("int main() {}")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except PageError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
