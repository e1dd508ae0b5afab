#!/bin/bash
# Installs into temporary folders, moves one, and builds and serves plugins with
# nothing but what was installed.
set -euo pipefail

readonly install=$PWD/tools/install/install
readonly page=$PWD/docs/plugin_abi.md
readonly extract=$PWD/plugins/testing/extract.sh
readonly asio_greeter=$PWD/tools/install/asio_greeter.cc
readonly scratch=$TEST_TMPDIR
export RUNFILES_DIR=$TEST_SRCDIR

fail() {
  echo "install_test: $*" >&2
  exit 1
}

# Runs the installation, expects the exit code $1 and, in error, one line on
# standard error that contains $2.
expect() { # code text argument...
  local code=$1 text=$2 status=0
  shift 2
  "$install" "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  [ "$status" -eq "$code" ] ||
    fail "install $*: exit code $status: $(cat "$scratch/err")"
  [ "$code" -ne 0 ] || return 0
  [ "$(wc -l <"$scratch/err")" -eq 1 ] || fail "$*: $(cat "$scratch/err")"
  grep -qF -- "$text" "$scratch/err" || fail "$*: $(cat "$scratch/err")"
}

wrong_use() {
  expect 2 "no PREFIX"
  expect 2 "PREFIX is empty" ""
  expect 2 "unknown flag --prefix=/x" --prefix=/x
  expect 2 "second PREFIX" "$scratch/a" "$scratch/b"
  touch "$scratch/file"
  expect 1 "cannot make $scratch/file/bin: Not a directory" "$scratch/file"
  # Also where the user may write everywhere, one cannot write here.
  expect 1 "cannot make /proc/cluster/bin: No such file" /proc/cluster
  mkdir -p "$scratch/taken/bin/cluster-host"
  expect 1 "cannot write $scratch/taken/bin/cluster-host: " "$scratch/taken"
  if compgen -G "$scratch/taken/bin/*.new.*"; then fail "leaves its copies"; fi
  expect 0 "" --help
  grep -q "PREFIX/lib/pkgconfig/cluster-plugin.pc" "$scratch/out"
}

dry_run() {
  expect 0 "" --dry-run "$scratch/dry"
  grep -qxF "$scratch/dry/bin/cluster-host" "$scratch/out"
  [ ! -e "$scratch/dry" ] || fail "a dry run writes"
}

relative_prefix() {
  mkdir "$scratch/here"
  BUILD_WORKING_DIRECTORY=$scratch/here expect 0 "" "some where"
  [ -x "$scratch/here/some where/bin/cluster-host" ] || fail "not where typed"
  [ ! -e "some where" ] || fail "written to the working directory"
  "$scratch/here/some where/bin/cluster-host" --version | grep -q '^plugin ABI '
}

# What is installed and what a dry run prints is the same; again replaces all
# files, by others.
again() {
  expect 0 "" "$scratch/first"
  (cd "$scratch/first" && find . -type f -printf '%P\n' | sort) >"$scratch/has"
  expect 0 "" --dry-run "$scratch/first"
  sed -n "s|^$scratch/first/||p" "$scratch/out" | sort >"$scratch/says"
  diff "$scratch/says" "$scratch/has" || fail "the dry run says another list"
  local before
  before=$(stat -c %i "$scratch/first/bin/cluster-host")
  exec 4<"$scratch/first/bin/cluster-host" # or its number is used again
  expect 0 "" "$scratch/first"
  [ "$before" != "$(stat -c %i "$scratch/first/bin/cluster-host")" ] ||
    fail "a running host's file is written to"
  exec 4<&-
  [ "$(find "$scratch/first" -type f | wc -l)" = "$(wc -l <"$scratch/has")" ] ||
    fail "leaves files behind"
}

# Serves $1 with the installed host and sets $answer to what a connection gets
# from it after sending $2. No variable of the test's leads the host to
# plugins that were not installed.
ask() { # plugin request argument...
  local plugin=$1 request=$2 line port status=0
  shift 2
  mkfifo "$scratch/fifo"
  # Not in the foreground, timeout would signal its whole group, too.
  env -i PATH="$PATH" timeout --foreground 60 "$prefix/bin/cluster-host" \
    "$plugin" \
    --listen=127.0.0.1:0 --workers=1 "$@" >"$scratch/fifo" \
    2>"$scratch/host_log" &
  local host=$!
  IFS= read -r -t 30 line <"$scratch/fifo" ||
    fail "$plugin is not served: $(cat "$scratch/host_log")"
  rm "$scratch/fifo"
  port=${line##*:}
  port=${port%/}
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf '%s' "$request" >&3
  answer=$(timeout 30 cat <&3)
  exec 3>&-
  kill -TERM "$host"
  wait "$host" || status=$?
  [ "$status" -eq 0 ] || fail "$plugin: the host ended with exit code $status"
}

build_by_pc_and_ask() { # compiler standard source
  local so=$scratch/greeter_${1//+/x}.so
  # shellcheck disable=SC2046
  "$1" "-std=$2" -O2 -Wall -Wextra -Wno-unused-parameter -Werror -o "$so" "$3" \
    $(pkg-config --cflags --libs cluster-plugin)
  "$prefix/bin/cluster-plugin-check" inspect "$so" >"$scratch/facts" ||
    fail "$1: $so is not what it should be"
  if grep '^warning' "$scratch/facts"; then fail "$1: $so is warned of"; fi
  ask "$so" "" --set greeting=hello
  [ "$answer" = hello ] || fail "$1 $3: the answer is '$answer'"
}

build_and_ask() { # compiler standard source
  local so=$scratch/greeter_${1//+/x}.so
  build_by_pc_and_ask "$@"
  # The command without --libs, as the page shows it, does, too.
  # shellcheck disable=SC2046
  "$1" "-std=$2" -shared -fPIC -o "$so" "$3" $(pkg-config --cflags cluster-plugin)
  ask "$so" "" --set greeting=hello
  [ "$answer" = hello ] || fail "$1: the answer is '$answer' without --libs"
}

# By each compiler, a test on the installed fake host of the plugin $1.
unit_test() { # plugin
  local compiler
  for compiler in g++ clang++-19; do
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 -Wall -Wextra -Werror -o "$scratch/greeter_test" \
      "$scratch/greeter_test.cc" \
      $(pkg-config --cflags --libs cluster-plugin-testing)
    answer=$("$scratch/greeter_test" "$1") || fail "$compiler: '$answer'"
    [ "$answer" = "good day, 0 open" ] || fail "$compiler: '$answer'"
    if "$scratch/greeter_test" "$scratch/none.so" 2>"$scratch/err"; then
      fail "a test passes without a plugin"
    fi
    grep -q '^cannot open the plugin: .*none.so' "$scratch/err" ||
      fail "$(cat "$scratch/err")"
  done
}

moved() {
  mv "$scratch/first" "$scratch/moved"
  prefix=$scratch/moved
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
  [ "$(pkg-config --modversion cluster-plugin)" = \
    "$("$prefix/bin/cluster-host" --version | sed -n 's/^cluster host //p')" ]
  [ -x "$(pkg-config --variable=host cluster-plugin)" ] || fail "no host in .pc"
  [ -f "$(pkg-config --variable=plugindir cluster-plugin)/echo/echo.so" ] ||
    fail "no plugindir in .pc"
  ask hello_http $'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  case $answer in
    "HTTP/1.1 200 OK"*ok) ;;
    *) fail "hello_http: '$answer'" ;;
  esac
  "$extract" c "$page" >"$scratch/greeter.c"
  "$extract" cpp "$page" >"$scratch/greeter.cc"
  build_and_ask gcc c11 "$scratch/greeter.c"
  build_and_ask clang-19 c11 "$scratch/greeter.c"
  build_and_ask g++ c++20 "$scratch/greeter.cc"
  build_and_ask clang++-19 c++20 "$scratch/greeter.cc"
  "$extract" cpp "$page" 4 >"$scratch/greeter_test.cc"
  unit_test "$scratch/greeter_clangxx-19.so"
  unit_test "$scratch/greeter_gxx.so"
  # With the machine's own Boost.
  build_by_pc_and_ask g++ c++20 "$asio_greeter"
  build_by_pc_and_ask clang++-19 c++20 "$asio_greeter"
}

wrong_use
dry_run
relative_prefix
again
moved
