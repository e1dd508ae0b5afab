#!/bin/bash
# bazel run //tests/conformance/mutants -- [--all | --seed=N --count=K]
set -euo pipefail
root="${BUILD_WORKSPACE_DIRECTORY:?start it with: bazel run //tests/conformance/mutants}"
cd "$BUILD_WORKING_DIRECTORY"
exec /usr/bin/python3 -B "$root/tests/conformance/mutants/run.py" --root="$root" "$@"
