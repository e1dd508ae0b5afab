#!/bin/bash
# bazel run //tests/conformance:page. Reads and writes the source tree.
set -euo pipefail
root="${BUILD_WORKSPACE_DIRECTORY:?start it with: bazel run //tests/conformance:page}"
exec /usr/bin/python3 -B "$root/tests/conformance/page.py" "$root"
