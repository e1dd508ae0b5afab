#!/bin/sh
# A plugin exports its entry and nothing else.
set -eu
exported=$(nm -D --defined-only "$1" | awk '{print $3}')
if [ "$exported" != cluster_plugin_entry ]; then
  echo "$1 exports more or less than cluster_plugin_entry:" >&2
  echo "$exported" >&2
  exit 1
fi
