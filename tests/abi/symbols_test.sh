#!/bin/bash
# What crosses between host and plugins is the entry alone: each bundled plugin
# has the symbols that tests/abi/symbols/PLUGIN.txt lists and imports nothing
# that a library does not define; the host offers nothing that a plugin could
# link.
#
#   symbols_test.sh HOST PLUGIN.so...
set -euo pipefail
export LC_ALL=C
readonly symbols=$PWD/tests/abi/symbols.sh
host=$1
shift
failed=0

complain() {
  echo "$*" >&2
  failed=1
}

# Prints what a plugin imports that has no library's version, but for what the
# compilers ask for everywhere and do without.
foreign_imports() { # plugin
  "$symbols" "$1" | sed -n 's/^imports \(.*\) of no version.*/\1/p' |
    grep -vxE '_ITM_(de)?registerTMCloneTable|__gmon_start__' || true
}

# Prints what a program exports that its libraries do not define as well. (What
# they define, the linker has it export so that there is one of each.)
own_exports() { # program
  comm -23 \
    <(nm -D --defined-only "$1" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
      sort -u) \
    <(ldd "$1" | awk '/=> \// { print $3 }' |
      xargs -r -n 1 nm -D --defined-only |
      awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u)
}

for plugin in "$@"; do
  golden=tests/abi/symbols/$(basename "$plugin" .so).txt
  diff -u "$golden" <("$symbols" "$plugin") >&2 || complain "$plugin has other \
symbols than before; if that is meant: tests/abi/symbols.sh bazel-bin/$plugin > $golden"
  foreign=$(foreign_imports "$plugin")
  [ -z "$foreign" ] || complain "$plugin imports what no library has: $foreign"
done
for golden in tests/abi/symbols/*.txt; do
  [[ " $* " == */"$(basename "$golden" .txt).so "* ]] ||
    complain "$golden is of no bundled plugin"
done

offered=$(own_exports "$host")
[ -z "$offered" ] || complain "the host exports: $offered"

# The checks can fail.
cd "$TEST_TMPDIR"
cat >bad.c <<'END'
int cluster_of_the_host(void);
int more(void) { return cluster_of_the_host(); }
END
gcc -shared -fPIC -o bad.so bad.c
echo 'int cluster_of_the_host(void) { return 0; } int main(void) { return 0; }' |
  gcc -rdynamic -x c -o bad_host -
[ "$("$symbols" bad.so | grep -c '^exports more$')" = 1 ] ||
  complain "an export is not listed"
[[ $(foreign_imports bad.so) == *cluster_of_the_host* ]] ||
  complain "an import from the host is not found"
[[ $(own_exports ./bad_host) == *cluster_of_the_host* ]] ||
  complain "an export of the host is not found"
exit "$failed"
