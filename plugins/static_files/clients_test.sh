#!/bin/bash
# The real host with two workers serves files to curl and wrk. Nothing here waits
# by the clock: each step waits for a line of the host's log or for a client.
set -euo pipefail

readonly host_binary=$PWD/$1
readonly life_s=240
folder=$(mktemp -d "${TEST_TMPDIR:-/tmp}/clients.XXXXXX")
readonly folder
readonly root=$folder/root
readonly log=$folder/log
host=
reader=

clean_up() {
  if [ -n "$host" ]; then
    kill -TERM "$host" 2>/dev/null || true
    wait "$host" 2>/dev/null || true
  fi
  [ -z "$reader" ] || kill "$reader" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT

fail() {
  echo "clients_test: $*" >&2
  [ ! -s "$log" ] || cat "$log" >&2
  exit 1
}

expect() {
  [ "$2" = "$3" ] || fail "$1: \"$2\", expected \"$3\""
}

# Starts the host with more settings and waits until both workers listen.
start_host() {
  : >"$log"
  mkfifo "$folder/output"
  # In the foreground, timeout passes a signal on once.
  timeout --foreground --kill-after=15 "$life_s" \
    "$host_binary" static_files --listen=127.0.0.1:0 --workers=2 \
    --set root="$root" "$@" >"$folder/output" 2>&1 </dev/null &
  host=$!
  exec 3<"$folder/output"
  url=
  local listening=0
  while [ "$listening" -lt 2 ]; do
    IFS= read -r -t "$life_s" line <&3 || fail "the host does not serve"
    printf '%s\n' "$line" >>"$log"
    if [[ $line =~ 127\.0\.0\.1:[1-9][0-9]* ]]; then
      url=http://${BASH_REMATCH[0]}
    fi
    if [[ $line == *listening ]]; then listening=$((listening + 1)); fi
  done
  cat <&3 >>"$log" &
  reader=$!
  exec 3<&-
}

# Waits for the end of a host that drains: exit code 0, and nothing was lost.
await_end() {
  local status=0
  wait "$host" || status=$?
  host=
  wait "$reader" || true
  reader=
  rm "$folder/output"
  expect "exit code" "$status" 0
  grep -q 'connections: accepted .* lost 0 + expired 0 + live 0;' "$log" ||
    fail "connections were lost"
}

request() {
  curl -sS --max-time 100 "$@"
}

# Prints the status alone.
status_of() {
  request -o "$folder/body" -w '%{http_code}' "$@"
}

hash_of() {
  sha256sum | cut -d ' ' -f 1
}

make_files() {
  mkdir -p "$root/docs"
  echo 'out of bounds' >"$folder/secret.txt"
  printf '0123456789' >"$root/digits.txt"
  echo '<h1>docs</h1>' >"$root/docs/index.html"
  ln -s ../secret.txt "$root/link_out"
  head -c 300000 /dev/urandom >"$root/middle.bin"
  head -c 104857600 /dev/urandom >"$root/big.bin"
  big_hash=$(hash_of <"$root/big.bin")
}

test_files() {
  expect "file" "$(request "$url/digits.txt")" 0123456789
  expect "index by redirect" "$(request -L "$url/docs")" '<h1>docs</h1>'
  expect "type" "$(request -o /dev/null -w '%{content_type}' \
    "$url/docs/")" 'text/html; charset=utf-8'
  expect "missing" "$(status_of "$url/nothing")" 404
  expect "method" "$(status_of -d x "$url/digits.txt")" 405
  expect "one connection for two files" \
    "$(request -o /dev/null -o /dev/null -w '%{num_connects} ' \
      "$url/digits.txt" "$url/docs/")" '1 0 '
}

test_head() {
  local head
  head=$(request -I "$url/digits.txt" | tr -d '\r')
  grep -qx 'HTTP/1.1 200 OK' <<<"$head" || fail "HEAD: $head"
  grep -qx 'Content-Length: 10' <<<"$head" || fail "HEAD: $head"
  grep -qx 'Cache-Control: max-age=60' <<<"$head" || fail "HEAD: $head"
}

test_conditions() {
  expect "first" "$(status_of --etag-save "$folder/etag" \
    "$url/digits.txt")" 200
  expect "same tag" "$(status_of --etag-compare "$folder/etag" \
    "$url/digits.txt")" 304
  expect "same time" "$(status_of -z "$root/digits.txt" \
    "$url/digits.txt")" 304
  expect "older time" "$(status_of -z '1 Jan 2000' "$url/digits.txt")" 200
  expect "failed" "$(status_of -H 'If-Match: "x"' "$url/digits.txt")" 412
}

test_ranges() {
  expect "range" "$(request -r 2-4 "$url/digits.txt")" 234
  expect "suffix" "$(request -r -3 "$url/digits.txt")" 789
  expect "206" "$(status_of -r 0-0,-1 "$url/digits.txt")" 206
  expect "pieces" "$(grep -c '^Content-Range: bytes ' "$folder/body")" 2
  expect "416" "$(status_of -r 10- "$url/digits.txt")" 416
  head -c 12345678 "$root/big.bin" >"$folder/resumed"
  request -C - -o "$folder/resumed" "$url/big.bin"
  expect "resumed" "$(hash_of <"$folder/resumed")" "$big_hash"
}

test_traversal() {
  local path code
  for path in /../secret.txt /docs/../../secret.txt /%2e%2e/secret.txt \
    /%2e%2e%2fsecret.txt /docs/..%2f..%2fsecret.txt /.%2e/secret.txt \
    /..%5csecret.txt '/..\secret.txt' /%252e%252e/secret.txt \
    "/$folder/secret.txt" /link_out /digits.txt%00 /%c0%ae%c0%ae/secret.txt \
    /....//secret.txt "//..//secret.txt"; do
    code=$(status_of --path-as-is "$url$path")
    [[ $code == 40[034] ]] || fail "$path: status $code"
    ! grep -q 'out of bounds' "$folder/body" || fail "$path leads out"
  done
}

test_big_file() {
  expect "big file" "$(request "$url/big.bin" | hash_of)" "$big_hash"
}

# Two that stop reading, and many that do not.
test_parallel() {
  local slow=() middle_hash i
  middle_hash=$(hash_of <"$root/middle.bin")
  for i in 1 2; do
    curl -sS --max-time 200 --limit-rate 1k -o /dev/null "$url/big.bin" &
    slow+=($!)
  done
  mkdir "$folder/many"
  request -Z --parallel-max 50 --fail "$url/middle.bin?[1-200]" \
    -o "$folder/many/#1" 2>"$folder/many.err" ||
    fail "in parallel: $(tail -n 3 "$folder/many.err")"
  expect "200 in parallel" "$(sha256sum "$folder"/many/* |
    cut -d ' ' -f 1 | sort | uniq -c | tr -s ' ')" " 200 $middle_hash"
  kill "${slow[@]}"
  wait "${slow[@]}" || true
}

test_wrk() {
  if ! command -v wrk >/dev/null; then
    echo "clients_test: wrk is not installed: its part is skipped"
    return
  fi
  wrk -t 1 -c 32 -d 1s "$url/digits.txt" >"$folder/wrk"
  ! grep -E 'Non-2xx|Socket errors' "$folder/wrk" || fail "wrk: see above"
  grep -qE '^ *[1-9][0-9]* requests in' "$folder/wrk" ||
    fail "wrk: $(cat "$folder/wrk")"
}

# The host is told to end in the middle of a download, which comes whole.
test_drain() {
  local got
  got=$(request "$url/big.bin" | {
    head -c 65536
    kill -TERM "$host"
    cat
  } | hash_of)
  expect "download while draining" "$got" "$big_hash"
  await_end
}

test_refusals() {
  local code=0
  timeout --foreground 60 "$host_binary" static_files --workers=1 \
    --listen=127.0.0.1:0 --set root="$folder/nothing" >"$log" 2>&1 || code=$?
  expect "exit code without a root" "$code" 5
  grep -q "cannot serve root=$folder/nothing: No such file or directory" \
    "$log" || fail "no reason for the refusal"
}

make_files
start_host --set max_age=60
test_files
test_head
test_conditions
test_ranges
test_traversal
test_big_file
test_parallel
test_wrk
test_drain
test_refusals
echo "clients_test: all of it holds"
