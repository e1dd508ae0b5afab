#!/bin/sh
# The SDK's headers compile in C++20 without a warning, by both compilers, in
# whatever order a plugin includes them.
set -eu
source=$TEST_TMPDIR/source.cc

includes() { # sort option
  ls plugins/sdk/*.h | sort "$1" | sed 's/.*/#include "&"/'
}

for compiler in g++ clang++-19; do
  for order in -f -r; do
    includes "$order" > "$source"
    "$compiler" -std=c++20 -I. -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
      "$source"
  done
done
[ "$(wc -l < "$source")" -gt 10 ]
