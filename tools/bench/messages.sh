#!/bin/bash
# bazel run //tools/bench:messages. As bench.sh.
set -euo pipefail
root="${BUILD_WORKSPACE_DIRECTORY:?start it with: bazel run //tools/bench:messages}"
exec /usr/bin/python3 -B "$root/tools/bench/messages.py" "$@"
