"""precompiled: headers of others, parsed once for all sources.

Parsing them is most of what compiling a source of this project takes. They are
precompiled when repositories are fetched, so that what comes of it has one path
in every configuration (.bazelrc names it), and the same bytes in every clone:
the clones share what was compiled with it.

versions is asked whenever Bazel starts; precompiled_headers is made anew if that
has changed, or a list of headers.
"""

# Packages that the headers are from, and the compiler.
_PACKAGES = [
    "clang-19",
    "libabsl-dev",
    "libc6-dev",
    "libclang-common-19-dev",
    "libgmock-dev",
    "libgtest-dev",
    "libstdc++-12-dev",
    "linux-libc-dev",
]

# Those of .bazelrc and of Bazel's toolchain that change what a header says; the
# compiler names one that differs, and stops.
_FLAGS = [
    "-U_FORTIFY_SOURCE",
    "-D_FORTIFY_SOURCE=1",
    "-DNDEBUG",
    "-fstack-protector",
    "-fPIC",
    "-std=c++20",
    "-fclang-abi-compat=17",
    "-no-canonical-prefixes",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"redacted\"",
    "-D__TIMESTAMP__=\"redacted\"",
    "-D__TIME__=\"redacted\"",
    "-fmodules-strict-decluse",
]

def _versions_impl(ctx):
    asked = ctx.execute(["dpkg-query", "-W"] + _PACKAGES)
    ctx.file("versions.txt", asked.stdout)
    ctx.file("BUILD.bazel", "exports_files([\"versions.txt\"])")

versions = repository_rule(
    implementation = _versions_impl,
    local = True,
)

def _precompile(ctx, name, optimization, headers):
    # Read from standard input and in a folder that all have, as the compiler
    # writes down both; without times, which differ.
    result = ctx.execute(
        ["sh", "-c", "output=$1; shift; cat \"$@\" | (cd / && exec clang-19 " +
                     " ".join(["'%s'" % flag for flag in _FLAGS + [optimization]]) +
                     " -Xclang -fno-pch-timestamp -fpch-instantiate-templates" +
                     " -x c++-header -o \"$output\" -)", "sh", ctx.path(name)] +
        headers,
    )
    if result.return_code != 0:
        fail("cannot precompile headers for %s. Run ./setup. The compiler says:\n%s" %
             (name, result.stderr))

def _precompiled_headers_impl(ctx):
    ctx.read(Label("@installed_versions//:versions.txt"))
    standard = ctx.path(ctx.attr.standard)
    library = ctx.path(ctx.attr.library)
    test = ctx.path(ctx.attr.test)
    _precompile(ctx, "plugin.pch", "-O2", [standard])
    _precompile(ctx, "library.pch", "-O2", [standard, library])
    _precompile(ctx, "test.pch", "-O0", [standard, library, test])
    ctx.file("BUILD.bazel", """
filegroup(
    name = "precompiled",
    srcs = ["library.pch", "plugin.pch", "test.pch"],
    visibility = ["//visibility:public"],
)
""")

precompiled_headers = repository_rule(
    implementation = _precompiled_headers_impl,
    attrs = {
        "library": attr.label(mandatory = True, allow_single_file = True),
        "standard": attr.label(mandatory = True, allow_single_file = True),
        "test": attr.label(mandatory = True, allow_single_file = True),
    },
)
