#!/bin/sh
# bazel run //tools/new_plugin -- NAME
exec python3 -B \
  "${RUNFILES_DIR:-$0.runfiles}/cluster/tools/new_plugin/new_plugin.py" "$@"
