#!/bin/bash
# Prints what a shared object exports, needs and imports, a line each, sorted.
# Mangled names of the C++ library count as one: which of them a compiler calls
# and which it makes itself is its own affair.
#
#   tests/abi/symbols.sh PLUGIN.so > tests/abi/symbols/PLUGIN.txt
set -euo pipefail
export LC_ALL=C
{
  nm -D --defined-only "$1" | awk '{ print "exports " $NF }'
  readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/needs \1/p'
  nm -D --undefined-only "$1" | awk '
    { name = $2; version = "of no version" }
    match(name, /@+/) {
      version = "of " substr(name, RSTART + RLENGTH)
      name = substr(name, 1, RSTART - 1)
      sub(/_[0-9.]*$/, "", version)
    }
    name ~ /^_Z/ && version ~ /^of (GLIBCXX|CXXABI)$/ { name = "names in C++" }
    $1 == "w" { version = version ", if there" }
    { print "imports " name " " version }'
} | sort -u
