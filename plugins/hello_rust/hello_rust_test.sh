#!/bin/bash
# Builds the plugin in Rust where there is a compiler for it ($RUSTC, or rustc in
# PATH), has plugin_check look at it, and serves it with the real host: hello, the
# peer's end, drain.
set -euo pipefail

rustc=${RUSTC:-$(command -v rustc || true)}
if [ -z "$rustc" ]; then
  echo "SKIPPED: no rustc here; ./setup --rust installs it"
  exit 0
fi

so=$TEST_TMPDIR/hello_rust.so
log=$TEST_TMPDIR/log

fail() {
  echo "hello_rust_test: $*" >&2
  [ ! -s "$log" ] || cat "$log" >&2
  exit 1
}

"$rustc" -O -C panic=abort -D warnings --crate-type cdylib -o "$so" \
  plugins/hello_rust/hello_rust.rs
plugins/testing/symbols_test.sh "$so"
tools/plugin_check/plugin_check check "$so" --timeout=60s >"$log" ||
  fail "plugin_check finds something"

mkfifo "$TEST_TMPDIR/output"
timeout --foreground 60 core/host/host "$so" --listen=127.0.0.1:0 --workers=1 \
  >"$TEST_TMPDIR/output" 2>"$log" &
host=$!
exec 4<"$TEST_TMPDIR/output"
IFS= read -r -t 30 line <&4 || fail "it is not served"
[[ $line == "Serving hello_rust on 127.0.0.1:"* ]] || fail "it says: $line"
port=${line##*:}

greet() { # descriptor: opens it
  eval "exec $1<>/dev/tcp/127.0.0.1/$port"
  IFS= read -r -t 30 line <&"$1" || fail "no greeting"
  [ "$line" = "hello from Rust" ] || fail "the greeting is '$line'"
}

# One that ends by itself, with words that are not read; one that is drained.
greet 5
echo "good day" >&5
exec 5>&-
greet 6
kill -TERM "$host"
IFS= read -r -t 30 line <&6 || fail "no goodbye"
[ "$line" = "goodbye from Rust" ] || fail "the goodbye is '$line'"
if IFS= read -r -t 30 line <&6; then fail "then it says '$line'"; fi
code=0
wait "$host" || code=$?
[ "$code" -eq 0 ] || fail "the host ended with exit code $code"
grep -q "accepted 2 = completed 2 " "$log" || fail "the account is not right"
echo "PASSED, by $("$rustc" --version)"
