#!/bin/bash
# Writes a plugin of each kind outside of the workspace, and does what it then
# says is next: the plugin's own test must pass, and fail for a broken plugin.
set -euo pipefail

fail() {
  echo "standalone_test: $*" >&2
  exit 1
}

readonly new_plugin=$PWD/tools/new_plugin/new_plugin
export RUNFILES_DIR=$TEST_SRCDIR
tools/install/install "$TEST_TMPDIR/host" >/dev/null
export PKG_CONFIG_PATH=$TEST_TMPDIR/host/lib/pkgconfig
# Not what leads a host to plugins: the installed one finds its own.
own_test() {
  env -u RUNFILES_DIR -u TEST_SRCDIR make -C "$1" test "${@:2}" 2>&1
}

cd "$TEST_TMPDIR"
for kind in c cpp lambda; do
  "$new_plugin" "made_$kind" "--$kind" --standalone >says
  [ "$(tail -n 1 says)" = "Next: make -C $PWD/made_$kind test" ] ||
    fail "--$kind says: $(cat says)"
  own_test "made_$kind" >log || fail "--$kind: $(cat log)"
  grep -q "^PASSED: ./made_$kind.so" log || fail "--$kind: $(cat log)"
done
own_test made_cpp -B CXX=clang++-19 >log || fail "clang: $(cat log)"

# It can fail.
sed -i 's/Config("greeting")/Config("farewell")/' made_lambda/made_lambda.cc
if own_test made_lambda -B >log; then fail "the test passes whatever comes"; fi
grep -q "^FAILED: status 0, the answer is 'hello" log || fail "$(cat log)"
if (cd made_lambda && env -u RUNFILES_DIR -u TEST_SRCDIR \
  ./test.sh ./made_lambda.so) >log 2>&1; then
  fail "test.sh passes whatever comes"
fi
grep -q "^FAILED: answer 1 is 'hello'" log || fail "$(cat log)"
