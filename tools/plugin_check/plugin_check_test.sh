#!/bin/bash
# The command line of plugin_check: what it prints where, and its exit codes.
set -euo pipefail

readonly check=tools/plugin_check/plugin_check
readonly odd=tools/plugin_check
readonly out=$TEST_TMPDIR/out err=$TEST_TMPDIR/err

fail() {
  echo "plugin_check_test: $*" >&2
  cat "$out" "$err" >&2
  exit 1
}

# Expects the exit code $1 and, on standard error, nothing or one line that
# contains $2.
expect() { # code text argument...
  local code=$1 text=$2 status=0
  shift 2
  "$check" "$@" >"$out" 2>"$err" || status=$?
  [ "$status" -eq "$code" ] || fail "$*: exit code $status, expected $code"
  if [ -z "$text" ]; then
    [ ! -s "$err" ] || fail "$*: says something on standard error"
  else
    [ "$(wc -l <"$err")" -eq 1 ] || fail "$*: not one line on standard error"
    grep -qF -- "$text" "$err" || fail "$*: does not say '$text'"
  fi
}

export PLUGIN_TRACE=$TEST_TMPDIR/trace
expect 0 "" inspect "$odd/with_constructor.so"
grep -qx "name         test" "$out" || fail "no name"
grep -qx "exports      cluster_plugin_entry" "$out" || fail "no exports"
[ ! -e "$PLUGIN_TRACE" ] || fail "it ran code of the plugin"

# By name, by a path from where it was typed, several at once.
expect 0 "" inspect echo hello_http
[ "$(grep -c "^path " "$out")" -eq 2 ] || fail "not two tables"
cp -L "$odd/with_constructor.so" "$TEST_TMPDIR/mine.so"
BUILD_WORKING_DIRECTORY=$TEST_TMPDIR expect 0 "" inspect mine.so

expect 1 "does not offer: cluster.tea/1" inspect "$odd/wants_tea.so"
grep -qx "this host    cannot run it" "$out" || fail "the table is missing"
expect 1 "no bundled plugin is called" inspect ecco
expect 1 "is not an ELF file" inspect /etc/passwd ./plugins/echo/echo.so
grep -qx "name         echo" "$out" || fail "the one that is good is not shown"

expect 1 "cluster.tea/1" inspect --json "$odd/wants_tea.so" echo
cp "$out" "$TEST_TMPDIR/objects"
expect 1 "is not an ELF file" inspect /etc/passwd --json
cat "$out" >>"$TEST_TMPDIR/objects"
python3 - "$TEST_TMPDIR/objects" <<'END' || fail "not the JSON expected"
import json, sys
tea, echo, other = [json.loads(line) for line in open(sys.argv[1])]
assert not tea["compatible"] and "cluster.tea/1" in tea["reason"], tea
assert tea["required_services"] == ["cluster.loop/1", "cluster.tea/1"], tea
assert echo["compatible"] and "reason" not in echo, echo
assert echo["exported"] == ["cluster_plugin_entry"], echo
assert echo["kind"] == 1 and len(echo["build_id"]) == 40, echo
assert other == {"path": "/etc/passwd", "compatible": False,
                 "reason": other["reason"]}, other
END

expect 2 "no command"
expect 2 "unknown command dissect: write inspect" dissect x.so
expect 2 "inspect needs a plugin" inspect
expect 2 "unknown flag --yaml" inspect --yaml x.so
expect 0 "" --help
grep -q "^Usage: plugin_check inspect" "$out" || fail "no usage"
expect 0 "" --version
grep -Eq "^cluster plugin_check [0-9.]+$" "$out" || fail "no version"
grep -Eq "^plugin ABI [0-9.]+$" "$out" || fail "no version of the ABI"

# check: one that passes, one that does not, one of a family, JSON.
expect 0 "" check --only=elf,loads echo
[ "$(cut -d' ' -f1-3 "$out")" = $'PASS  elf\nPASS  loads\n2 passed, 0' ] ||
  fail "not the two checks that were asked for"
expect 1 "" check --only=elf "$odd/wants_tea.so"
grep -q "^FAIL  elf .*cluster.tea/1.* To do: " "$out" || fail "no reason"
expect 0 "" check --only=service_failure:loop.watch --json echo
python3 - "$out" <<'END' || fail "not the JSON expected"
import json, sys
one, numbers = [json.loads(line) for line in open(sys.argv[1])]
assert one["check"] == "service_failure:loop.watch", one
assert one["result"] == "pass" and one["seen"] and not one["advice"], one
assert numbers == {"passed": 1, "failed": 0, "warned": 0, "skipped": 0}, numbers
END
expect 0 "" check --only=create_start_stop --set=x=y --timeout=30s echo -- --help

# docs/plugin_check.md has every check, and no other.
expect 0 "" check --list
paste - - <"$out" | sed -E 's/^(.*)\t +(.*)\.$/| `\1` | \2 |/' >"$TEST_TMPDIR/list"
[ "$(wc -l <"$TEST_TMPDIR/list")" -gt 20 ] || fail "hardly a check"
sed -n '/^| Check |/,/^$/p' docs/plugin_check.md | tail -n +3 | grep . |
  diff - "$TEST_TMPDIR/list" || fail "docs/plugin_check.md has other checks"

expect 2 "check needs a plugin" check --json
expect 2 "unknown check \"teapot\"" check --only=teapot echo
expect 2 "write a time such as 10s" check --timeout=soon echo
expect 2 "write a time such as 10s" check --timeout=1ms echo
expect 2 "write --set KEY=VALUE" check echo --set nothing
expect 2 "one plugin at a time" check echo hello_http
expect 2 "unknown flag --fast" check --fast echo
expect 2 "no bundled plugin is called" check ecco
