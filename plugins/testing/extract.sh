#!/bin/sh
# Prints the n-th (without a number: the first) block of code in a language
# ("c", "cpp") of a document: extract.sh LANGUAGE FILE [N]
set -eu
awk -v fence='```'"$1" -v wanted="${3:-1}" '
  $0 == fence && ++seen == wanted { inside = 1; next }
  $0 == "```" && inside { exit }
  inside' "$2"
