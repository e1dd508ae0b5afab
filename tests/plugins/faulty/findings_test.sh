#!/bin/bash
# Says whether `plugin_check check` finds of a plugin what it is to find, and
# nothing else.
#
#   findings_test.sh PLUGIN TIMEOUT ['FAIL check' | 'WARN check']...
set -euo pipefail

readonly plugin=$1 timeout=$2
shift 2
readonly out=$TEST_TMPDIR/out

# What the plugins want set; none knows the others' settings.
case $plugin in
  static_files) settings=(--set root="$TEST_SRCDIR") ;;
  dns) settings=(--set zone=plugins/dns/example.org.zone) ;;
  */listens.so) settings=(--set take=3) ;;
  */*) settings=(--set word=hello) ;;
  *) settings=() ;;
esac

status=0
tools/plugin_check/plugin_check check "$plugin" --timeout="$timeout" \
  "${settings[@]}" >"$out" || status=$?

found=$(awk '$1 == "FAIL" || $1 == "WARN" {print $1, $2}' "$out" | LC_ALL=C sort)
expected=$(printf '%s\n' "$@" | LC_ALL=C sort)
if [ "$found" != "$expected" ]; then
  echo "found:"$'\n'"$found"$'\n'"expected:"$'\n'"$expected" >&2
  cat "$out" >&2
  exit 1
fi

failures=$(grep -c ^FAIL "$out" || true)
[ "$status" -eq $((failures > 0)) ] || {
  echo "exit code $status with $failures failed checks" >&2
  exit 1
}
grep -q ", $failures failed, " "$out"
# It went on to the last check.
grep -Eq "^[A-Z]+  (service_failure|required_service_missing)" "$out"
