#!/bin/bash
# Serves the plugin with the installed host, asks it, and ends the host.
set -euo pipefail
plugin=$1

host=$(${PKG_CONFIG:-pkg-config} --variable=host cluster-plugin) || {
  echo "FAILED: pkg-config does not find cluster-plugin: set PKG_CONFIG_PATH" \
    "to PREFIX/lib/pkgconfig of the installation" >&2
  exit 1
}
"$(dirname "$host")/cluster-plugin-check" inspect "$plugin"

folder=$(mktemp -d)
server=
clean_up() {
  if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap clean_up EXIT

fail() {
  echo "FAILED: $*" >&2
  cat "$folder/log" >&2
  exit 1
}

# Prints "Serving @NAME@ on 127.0.0.1:PORT" first.
mkfifo "$folder/output"
timeout --foreground 60 "$host" "$plugin" --listen=127.0.0.1:0 --workers=2 \
  --set greeting=welcome >"$folder/output" 2>"$folder/log" &
server=$!
exec 4<"$folder/output"
IFS= read -r -t 30 line <&4 || fail "the host does not serve"
port=${line##*:}
port=${port%/}

for i in 1 2 3 4; do
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  answer=$(timeout 30 cat <&3)
  exec 3>&-
  [ "$answer" = welcome ] || fail "answer $i is '$answer'"
done

kill -TERM "$server"
code=0
wait "$server" || code=$?
server=
[ "$code" -eq 0 ] || fail "the host ended with exit code $code"
echo "PASSED: $plugin"
