#!/bin/bash
# bazel run //tools/bench:shootout. As bench.sh.
set -euo pipefail
root="${BUILD_WORKSPACE_DIRECTORY:?start it with: bazel run //tools/bench:shootout}"
exec /usr/bin/python3 -B "$root/tools/bench/shootout.py" "$@"
