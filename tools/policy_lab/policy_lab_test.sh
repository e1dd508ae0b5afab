#!/bin/bash
# The program as people run it: output, files, exit codes.
set -euo pipefail
lab=$PWD/tools/policy_lab/policy_lab
page=$PWD/docs/policy_lab.md
cd "$TEST_TMPDIR"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# Expects exit code $1 of the rest, and its standard error in "error".
expect_exit() {
  local wanted=$1 code=0
  shift
  "$lab" "$@" >out 2>error || code=$?
  [ "$code" = "$wanted" ] || fail "$* ended with $code, not $wanted: $(<error)"
}

small=(--arrivals=20000 --seeds=2 --workers=4)

expect_exit 0 --help
grep -q -- '--policies=SPEC' out || fail "help"

expect_exit 0 "${small[@]}" --csv=a.csv --plot=plots
grep -Eq '^random .* M/M/1: 10.00, p99 46.05$' out || fail "table: $(<out)"
[ ! -s error ] || fail "not a terminal, so there is no progress: $(<error)"
[ "$(wc -l <a.csv)" = 4 ] || fail "csv: $(<a.csv)"
[ "$(awk -F, '{print NF}' a.csv | sort -u | wc -l)" = 1 ] || fail "csv columns"
for plot in tails load imbalance; do
  python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' \
    "plots/$plot.svg" || fail "$plot.svg is no XML"
  grep -q polyline "plots/$plot.svg" || fail "$plot.svg shows nothing"
done

# The same flags, the same bytes, on any number of threads.
expect_exit 0 "${small[@]}" --threads=1 --csv=b.csv --quiet
[ ! -s out ] || fail "--quiet: $(<out)"
cmp a.csv b.csv || fail "results differ"

expect_exit 0 "${small[@]}" --json
python3 - out <<'PY' || fail "json: $(<out)"
import json, sys
data = json.load(open(sys.argv[1]))
rows = {row["policy"]: row for row in data["policies"]}
assert set(rows) == {"random", "round_robin", "least_connections"}
assert rows["random"]["arrived"] == 40000 == rows["random"]["ended"]
assert 5 < rows["random"]["mean_ms"] < 20
assert rows["least_connections"]["theory_mean_ms"] is None
PY

# A recorded workload gives the same result when it is replayed.
expect_exit 0 --arrivals=20000 --workers=4 --policies=round_robin \
  --record=load.trace --csv=recorded.csv --quiet
expect_exit 0 --workers=4 --policies=round_robin \
  --replay=load.trace --csv=replayed.csv --quiet
cmp <(cut -d, -f2-11 recorded.csv) <(cut -d, -f2-11 replayed.csv) ||
  fail "replay differs from what was recorded"

# Each bad file is told in one line.
head -c 1000 load.trace >cut.trace
expect_exit 2 --replay=cut.trace
[ "$(wc -l <error)" = 1 ] || fail "more than a line: $(<error)"
grep -q 'cut.trace was cut short' error || fail "cut: $(<error)"
expect_exit 2 --replay="$lab"
grep -q 'is no trace' error || fail "no trace: $(<error)"
sed '500s/ .*//' load.trace >bad.trace
expect_exit 2 --replay=bad.trace
grep -q 'bad.trace:500 is not "ARRIVAL_US SERVICE_US KEY"' error ||
  fail "bad row: $(<error)"
expect_exit 2 --workers=none
expect_exit 1 "${small[@]}" --csv=nowhere/x.csv
grep -q 'nowhere/x.csv cannot be written' error || fail "csv: $(<error)"
expect_exit 1 "${small[@]}" --plot=a.csv

expect_exit 0 --progress --arrivals=5000000 --policies=random
grep -q 'arrivals/s' error || fail "no progress: $(<error)"

# Ten thousand workers, and memory that does not grow with arrivals; a sanitizer
# takes more than there is, whatever it is for.
limit=1000000
if grep -qE '__(asan|tsan)_init' "$lab"; then limit=unlimited; fi
( ulimit -v "$limit"
  "$lab" --workers=10000 --arrivals=2000000 --policies=p2c,round_robin \
    --threads=1 >out ) || fail "ten thousand workers"
grep -q '^p2c ' out || fail "$(<out)"

# What the page shows works, in order; with fewer arrivals and seeds.
commands=0
cp load.trace app.trace  # as of a host
while IFS= read -r command; do
  read -ra words <<<"$(sed -E 's/--seeds=[0-9]+/--seeds=2/' <<<"$command")"
  [[ $command == *--replay* || $command == *--arrivals* ]] ||
    words+=(--arrivals=20000)
  expect_exit 0 "${words[@]/#--arrivals=*/--arrivals=20000}"
  commands=$((commands + 1))
done < <(sed -n 's|^bazel run //tools/policy_lab -- ||p' "$page")
[ "$commands" -gt 10 ] || fail "found only $commands commands on the page"

echo "policy_lab: all as expected"
