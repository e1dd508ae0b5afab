#!/bin/sh
# Prints the first block of code in a language ("c", "cpp") of a document.
set -eu
awk -v fence='```'"$1" '
  $0 == fence && !done { inside = 1; next }
  $0 == "```" && inside { inside = 0; done = 1 }
  inside' "$2"
