#!/bin/sh
# A plugin exports its entry and nothing else, imports nothing of the host, and
# has the note by which tools know it.
set -eu

fail() {
  echo "$1" >&2
  exit 1
}

exported=$(nm -D --defined-only "$1" | awk '{print $3}')
[ "$exported" = cluster_plugin_entry ] ||
  fail "$1 exports more or less than cluster_plugin_entry:
$exported"

# Of C (cluster_*) and of C++ (namespace cluster).
imported=$(nm -D --undefined-only "$1" | awk '{print $2}' |
  grep -E '^cluster_|^_Z.*N7cluster' || true)
[ -z "$imported" ] ||
  fail "$1 imports from the host, which lends its functions by get_service:
$imported"

readelf -n "$1" 2>/dev/null | grep -Eq '^ +cluster +0x[0-9a-f]+' ||
  fail "$1 has no note: see CLUSTER_WORKER_PLUGIN and CLUSTER_PLUGIN"
