#!/bin/bash
# The tests that the rule worker_plugin attaches to a plugin fail where they
# should: for plugins with one fault each, and for compilers that are told to
# lay structs out otherwise.
set -euo pipefail

readonly symbols_test=plugins/testing/symbols_test.sh
readonly odd=tools/plugin_check
readonly err=$TEST_TMPDIR/err

fail() {
  echo "worker_plugin_tests_test: $*" >&2
  [ ! -s "$err" ] || cat "$err" >&2
  exit 1
}

refuses() { # text command...
  local text=$1
  shift
  if "$@" >"$err" 2>&1; then fail "passes: $*"; fi
  grep -qF -- "$text" "$err" || fail "does not say '$text': $*"
}

"$symbols_test" "$odd/with_constructor.so" || fail "refuses a good plugin"
refuses "exports more or less" "$symbols_test" "$odd/exports_more.so"
refuses "imports from the host" "$symbols_test" "$odd/imports_host.so"
refuses "has no note" "$symbols_test" "$odd/without_note.so"

# What 64-bit headers lack to do for 32 bit: an empty list of the C library.
mkdir "$TEST_TMPDIR/gnu"
touch "$TEST_TMPDIR/gnu/stubs-32.h"
for compiler in "gcc -std=c11:c" "clang-19 -std=c11:c" \
  "g++ -std=c++20:cc" "clang++-19 -std=c++20:cc"; do
  read -ra command <<<"${compiler%:*}"
  command+=(-fsyntax-only -I. "plugins/abi/layout_test.${compiler##*:}")
  "${command[@]}" || fail "${command[*]}"
  # Packed or not is the same: the structs leave no gap to the compiler.
  "${command[@]}" -fpack-struct=1 || fail "${command[*]} -fpack-struct=1"
  refuses "size of cluster_" "${command[@]}" -m32 -isystem "$TEST_TMPDIR" \
    -isystem "/usr/include/$(gcc -print-multiarch)"
done
