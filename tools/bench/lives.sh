#!/bin/bash
# bazel run //tools/bench:lives_benchmark. As bench.sh.
set -euo pipefail
root="${BUILD_WORKSPACE_DIRECTORY:?start it with: bazel run //tools/bench:lives_benchmark}"
exec /usr/bin/python3 -B "$root/tools/bench/lives.py" "$@"
