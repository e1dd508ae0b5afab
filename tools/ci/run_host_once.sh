#!/bin/bash
# Starts `bazel run host` as a new user does (with a free port where somebody has
# 8080), asks it for pages, ends it by SIGTERM, and expects the exit code 0 and
# the port to be closed. Its life
# is bounded, and nothing here waits by the clock: each step waits for a line of
# the host's output or for its end.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly life_s=60
readonly requests=20

fail() {
  if [ -s "$log" ]; then
    echo "--- what the host printed" >&2
    cat "$log" >&2
    echo "---" >&2
  fi
  echo "run_host_once: $*" >&2
  exit 1
}

folder=$(mktemp -d)
readonly folder
readonly log="$folder/log"
: >"$log"
host=
reader=
clean_up() {
  # By timeout, which passes it on and kills what does not end.
  if [ -n "$host" ]; then
    kill -TERM "$host" 2>/dev/null || true
    wait "$host" 2>/dev/null || true
  fi
  [ -z "$reader" ] || kill "$reader" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT

bazel build --curses=no --color=no --noshow_progress //:host >"$log" 2>&1 ||
  fail "//:host does not build"

arguments=()
if (exec 4<>/dev/tcp/127.0.0.1/8080) 2>"$folder/refused"; then
  echo "run_host_once: port 8080 is taken here; another is used"
  arguments=(-- --listen=127.0.0.1:0)
fi

mkfifo "$folder/output"
# In the foreground, timeout passes a signal on once; else its process group
# would get it as well, and a second SIGTERM ends the host at once.
timeout --foreground --kill-after=15 "$life_s" \
  bazel run --curses=no --color=no --noshow_progress host "${arguments[@]}" \
  >"$folder/output" 2>&1 </dev/null &
host=$!
exec 3<"$folder/output"

url=
while [ -z "$url" ]; do
  IFS= read -r -t "$life_s" line <&3 || fail "the host ended without a URL"
  printf '%s\n' "$line" >>"$log"
  if [[ $line =~ http://127\.0\.0\.1:[1-9][0-9]* ]]; then
    url=${BASH_REMATCH[0]}
  fi
done
cat <&3 >>"$log" &
reader=$!
exec 3<&-

for ((i = 1; i <= requests; i++)); do
  code=$(curl -sS --max-time 10 -o "$folder/body" -w '%{http_code}' "$url/") ||
    fail "request $i to $url failed"
  [ "$code" = 200 ] || fail "request $i to $url: status $code"
  [ -s "$folder/body" ] || fail "request $i to $url: an empty page"
done

for shown in plugin workers policy "data path" stop; do
  grep -q "^  $shown  *[^ ]" "$log" || fail "the banner does not say: $shown"
done

kill -TERM "$host"
status=0
wait "$host" || status=$?
host=
[ "$status" -eq 0 ] || fail "exit code $status after SIGTERM, expected 0"
if curl -s --max-time 5 -o "$folder/body" "$url/"; then
  fail "$url is still served after the host's end"
fi
echo "run_host_once: $url answered $requests requests; SIGTERM: exit code 0"
