#!/bin/bash
# bazel run //:install -- PREFIX; see usage() below. Each file arrives under a
# name of its own and is renamed, so that a host that runs keeps what it has.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bazel run //:install -- [--dry-run] PREFIX

Installs the host, its plugins and what a plugin is built with. Nothing outside
of PREFIX is written, and the result may be moved as a whole.

  PREFIX/bin/cluster-host                   the host
  PREFIX/bin/cluster-plugin-check           looks into a plugin's file
  PREFIX/bin/clusterctl                     asks and changes a running host
  PREFIX/lib/cluster/plugins/NAME/NAME.so   the plugins that it brings
  PREFIX/lib/cluster/worker_plugin.lds      the linker's list of exports
  PREFIX/include/cluster/plugins/           headers: abi (C), sdk (C++),
                                            testing
  PREFIX/lib/pkgconfig/cluster-plugin.pc    for pkg-config
  PREFIX/lib/libcluster-plugin-testing.a    a host without processes, for tests
                                            (cluster-plugin-testing.pc)

  --dry-run  print what would be written, and write nothing
  --help     print this

A relative PREFIX starts where the command was typed. Files of an earlier
installation are replaced.
Exit codes: 0 done, 1 something cannot be written, 2 wrong use.
TEXT
}

fail() {
  code=$1
  shift
  printf 'install: %s\n' "$*" >&2
  exit "$code"
}

prefix=
dry_run=no
for argument in "$@"; do
  case $argument in
    --help | -h)
      usage
      exit 0
      ;;
    --dry-run) dry_run=yes ;;
    -*) fail 2 "unknown flag $argument: --help lists all" ;;
    '') fail 2 "PREFIX is empty: name a folder, such as /opt/cluster" ;;
    *)
      [ -z "$prefix" ] || fail 2 "$argument is a second PREFIX: give one"
      prefix=$argument
      ;;
  esac
done
[ -n "$prefix" ] ||
  fail 2 "no PREFIX: name the folder to install to, such as /opt/cluster"
case $prefix in
  *$'\n'*) fail 2 "PREFIX has a line break: name another folder" ;;
  /*) ;;
  *) prefix=${BUILD_WORKING_DIRECTORY:-$PWD}/$prefix ;;
esac

readonly built=${RUNFILES_DIR:-$0.runfiles}/cluster
[ -x "$built/core/host/host" ] ||
  fail 1 "$built/core/host/host is not there: run this by bazel run //:install"

# What is installed: parallel lists of sources and of places below PREFIX.
sources=()
targets=()
add() {
  sources+=("$1")
  targets+=("$2")
}

scratch=$(mktemp -d)
temporary=
clean_up() {
  [ -z "$temporary" ] || rm -f -- "$temporary"
  rm -rf -- "$scratch"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The folders are as seen from the files, so that the result can be moved.
write_pcs() {
  local says version abi
  says=$("$built/core/host/host" --version)
  version=$(sed -n 's/^cluster host //p' <<<"$says")
  abi=$(sed -n 's/^plugin ABI //p' <<<"$says")
  [ -n "$version" ] && [ -n "$abi" ] || fail 1 "the host tells no version: $says"
  cat >"$scratch/cluster-plugin-testing.pc" <<TEXT
prefix=\${pcfiledir}/../..

Name: cluster-plugin-testing
Description: tests of plugins for the cluster host, without processes
Version: $version
Cflags: -I\${prefix}/include/cluster
Libs: -L\${prefix}/lib -lcluster-plugin-testing -ldl -pthread
TEXT
  cat >"$scratch/cluster-plugin.pc" <<TEXT
prefix=\${pcfiledir}/../..
includedir=\${prefix}/include/cluster
plugindir=\${prefix}/lib/cluster/plugins
host=\${prefix}/bin/cluster-host
abi=$abi

Name: cluster-plugin
Description: plugins for the cluster host (plugin ABI $abi)
Version: $version
Cflags: -I\${includedir} -fPIC -fvisibility=hidden
Libs: -shared -Wl,-z,defs -Wl,--build-id=sha1 -Wl,--version-script=\${prefix}/lib/cluster/worker_plugin.lds
TEXT
}

collect() {
  local file name
  add "$built/core/host/host" bin/cluster-host
  add "$built/tools/plugin_check/plugin_check" bin/cluster-plugin-check
  add "$built/tools/clusterctl/clusterctl" bin/clusterctl
  for file in "$built"/plugins/*/*.so; do
    name=$(basename "$file" .so)
    add "$file" "lib/cluster/plugins/$name/$name.so"
  done
  add "$built/plugins/worker_plugin.lds" lib/cluster/worker_plugin.lds
  for file in "$built"/plugins/{abi,sdk,testing}/*.h \
    "$built/core/base/unique_fd.h"; do
    add "$file" "include/cluster/${file#"$built/"}"
  done
  add "$built/plugins/testing/libcluster-plugin-testing.a" \
    lib/libcluster-plugin-testing.a
  write_pcs
  add "$scratch/cluster-plugin.pc" lib/pkgconfig/cluster-plugin.pc
  add "$scratch/cluster-plugin-testing.pc" \
    lib/pkgconfig/cluster-plugin-testing.pc
}

# Prints the reason of what mkdir, cp and mv say: the text after the last colon.
reason() {
  sed -n '1s/.*: //p' "$scratch/error"
}

# All folders first: where one is missing rights, nothing was changed yet.
make_folders() {
  local target folder
  for target in "${targets[@]}"; do
    folder=$prefix/$(dirname "$target")
    mkdir -p -- "$folder" 2>"$scratch/error" ||
      fail 1 "cannot make $folder: $(reason)"
    [ -w "$folder" ] || fail 1 "cannot write to $folder: Permission denied"
  done
}

install_one() { # source target
  local mode=644
  [ ! -x "$1" ] || mode=755
  case $2 in *.a | *.h | *.lds | *.pc) mode=644 ;; esac
  temporary=$prefix/$2.new.$$
  {
    cp -L -- "$1" "$temporary" && chmod "$mode" -- "$temporary" &&
      mv -fT -- "$temporary" "$prefix/$2"
  } 2>"$scratch/error" || fail 1 "cannot write $prefix/$2: $(reason)"
  temporary=
}

collect
if [ "$dry_run" = yes ]; then
  for target in "${targets[@]}"; do printf '%s\n' "$prefix/$target"; done
  echo "install: dry run, nothing was written"
  exit 0
fi
make_folders
for i in "${!sources[@]}"; do
  install_one "${sources[i]}" "${targets[i]}"
done
echo "install: ${#targets[@]} files below $prefix"
echo "  $prefix/bin/cluster-host"
echo "  PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags cluster-plugin"
