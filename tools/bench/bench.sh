#!/bin/bash
# bazel run //tools/bench. Runs from the source tree: it builds what it measures.
set -euo pipefail
root="${BUILD_WORKSPACE_DIRECTORY:?start it with: bazel run //tools/bench}"
exec /usr/bin/python3 -B "$root/tools/bench/run.py" "$@"
