#!/bin/bash
# Builds the plugins of the corpus as they were at a commit, usually the last of
# an ABI's minor, and puts them into tests/abi/corpus/MAJOR.MINOR.
#
#   tests/abi/add_to_corpus.sh COMMIT
#
# The sources of own_loop and sdk_echo are today's, which use what 0.1 had, and
# those of services, which uses what 0.2 had; the ABI, the SDK and echo are those
# of the commit. What is in the corpus is what
# people run: a folder is written once and never again.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C

[ $# -eq 1 ] || { echo "usage: tests/abi/add_to_corpus.sh COMMIT" >&2; exit 2; }
commit=$(git rev-parse --verify "$1^{commit}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git archive "$commit" plugins | tar -x -C "$folder"

number_of() { # name
  grep -rhE "^#define CLUSTER_ABI_$1 [0-9]+u?$" "$folder/plugins/abi" |
    grep -oE '[0-9]+u?$' | tr -d u
}
minor=$(number_of MINOR)
version=$(number_of MAJOR).$minor
readonly target=tests/abi/corpus/$version
[ ! -e "$target" ] || { echo "$target is there already" >&2; exit 1; }
mkdir -p "$target"

# Small, and the same on every machine with these compilers.
readonly flags=(-Os -shared -fPIC -fvisibility=hidden -ffunction-sections
  -fdata-sections -fno-ident "-I$folder" "-ffile-prefix-map=$folder/="
  -Wl,--gc-sections -Wl,-z,defs -Wl,-z,noseparate-code -Wl,--build-id=sha1
  "-Wl,--version-script=$folder/plugins/worker_plugin.lds" -s)
built=()

build() { # plugin source compiler [option...]
  local plugin=$1 source=$2 compiler=$3
  shift 3
  "$compiler" "$@" "${flags[@]}" -o "$target/$plugin-$compiler.so" "$source"
  chmod 644 "$target/$plugin-$compiler.so"
  built+=("| \`$plugin-$compiler.so\` | $("$compiler" --version | head -n 1) |\
 \`$*\` |")
}

for compiler in gcc clang-19; do
  build echo "$folder/plugins/echo/echo.c" "$compiler" -std=c11
  build own_loop tests/abi/plugins/own_loop.c "$compiler" -std=c11
  [ "$minor" -lt 2 ] ||
    build services tests/abi/plugins/services.c "$compiler" -std=c11
done
build sdk_echo tests/abi/plugins/sdk_echo.cc g++ -std=c++20 \
  -static-libstdc++ -static-libgcc
build sdk_echo tests/abi/plugins/sdk_echo.cc clang++-19 -std=c++20

cat >"$target/README.md" <<END
# Plugins built for ABI $version

By \`tests/abi/add_to_corpus.sh\`, from commit
\`$commit\`.

| File | Compiler | Options besides those in the script |
|---|---|---|
$(printf '%s\n' "${built[@]}")
END
ls -l "$target"
