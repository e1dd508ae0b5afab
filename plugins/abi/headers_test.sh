#!/bin/sh
# The ABI's headers are clean C11 and C++20 for both compilers, have the layout
# that layout.h states, and refuse a text that does not fit the note.
set -eu
compilers="gcc:c11 g++:c++20 clang-19:c11 clang++-19:c++20"
source=$TEST_TMPDIR/source

compile() { # compiler:standard
  case $1 in
    *:c11) language=c ;;
    *) language=c++ ;;
  esac
  "${1%:*}" -std="${1#*:}" -x $language -I. -Iplugins/abi -Wall -Wextra \
    -Wpedantic -Werror -fsyntax-only "$source"
}

plugin() { # name version service
  cat <<END
#include "plugins/abi/layout.h"
static cluster_status create(const cluster_host* host, void** self,
                             cluster_error* error) {
  (void)host; (void)self; (void)error;
  return CLUSTER_OK;
}
static const cluster_worker_plugin table = {
    sizeof(cluster_worker_plugin), 0, create, NULL, NULL, NULL, NULL, NULL,
    NULL};
CLUSTER_WORKER_PLUGIN("$1", "$2", table, "$3", "cluster.log/1");
END
}

text() { # length
  printf "%$1s" '' | tr ' ' x
}

for compiler in $compilers; do
  plugin "$(text 47)" "$(text 23)" "$(text 177)" > "$source"
  compile "$compiler"
  for bad in "48 1 1" "1 24 1" "1 1 178" "0 1 1"; do
    set -- $bad
    plugin "$(text "$1")" "$(text "$2")" "$(text "$3")" > "$source"
    if compile "$compiler" 2> "$TEST_TMPDIR/errors"; then
      echo "$compiler accepts texts of $bad bytes" >&2
      exit 1
    fi
    if ! grep -Eq "has 1 to 47|at most 23|at most 191" "$TEST_TMPDIR/errors"; then
      cat "$TEST_TMPDIR/errors" >&2
      exit 1
    fi
  done
done
