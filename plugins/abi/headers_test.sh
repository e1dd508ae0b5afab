#!/bin/sh
# The ABI's headers are clean C11 and C++20 for both compilers, each on its own;
# have the layout that layout.h states, also on a 64-bit ARM, without a byte of
# implicit padding; and refuse a text that does not fit the note.
set -eu
compilers="gcc:c11 g++:c++20 clang-19:c11 clang++-19:c++20"
source=$TEST_TMPDIR/source
errors=$TEST_TMPDIR/errors

compile() { # compiler:standard [option...]
  command=${1%:*} standard=${1#*:}
  shift
  case $standard in
    c11) language=c ;;
    *) language=c++ ;;
  esac
  "$command" "-std=$standard" -x $language -I. -Wall -Wextra -Wpedantic \
    -Wpadded -Werror -fsyntax-only "$@" "$source"
}

fail() {
  echo "$*" >&2
  cat "$errors" >&2
  exit 1
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

count=0
for compiler in $compilers; do
  for header in plugins/abi/cluster_*.h; do
    echo "#include \"$header\"" > "$source"
    compile "$compiler" || fail "$compiler: $header does not stand alone"
    count=$((count + 1))
  done
  plugin "$(text 47)" "$(text 23)" "$(text 177)" > "$source"
  compile "$compiler"
  for bad in "48 1 1" "1 24 1" "1 1 178" "0 1 1"; do
    set -- $bad
    plugin "$(text "$1")" "$(text "$2")" "$(text "$3")" > "$source"
    ! compile "$compiler" 2> "$errors" ||
      fail "$compiler accepts texts of $bad bytes"
    grep -Eq "has 1 to 47|at most 23|at most 191" "$errors" ||
      fail "$compiler refuses texts of $bad bytes for another reason"
  done
done
[ "$count" -ge 36 ] || fail "only $count headers were compiled"

# Other machines, without a library: the compiler's own headers have to do.
plugin a 1 b > "$source"
for compiler in clang-19:c11 clang++-19:c++20; do
  compile "$compiler" -target aarch64-linux-gnu -ffreestanding -nostdlibinc ||
    fail "$compiler: another layout on aarch64"
  ! compile "$compiler" -target i386-linux-gnu -ffreestanding -nostdlibinc \
    -Wno-padded 2> "$errors" || fail "$compiler: a 32-bit machine is accepted"
  grep -q 'size of void\*' "$errors" ||
    fail "$compiler: a 32-bit machine is refused for another reason"
done

# The check of numbers can fail.
for wrong in 'CLUSTER_SIZE(cluster_string, 24);' \
  'CLUSTER_AT(cluster_string, size, 4);'; do
  { plugin a 1 b && echo "$wrong"; } > "$source"
  for compiler in $compilers; do
    ! compile "$compiler" 2> "$errors" || fail "$compiler accepts $wrong"
  done
done
