"""system_library: a library that Debian installed, as an external repository.

The repository holds one BUILD file (`build_file`) in which the text
%{static_archives} stands for the list of linker options that name the static
archives matching the glob `static_archives`. When `header` is not installed the
build stops with one line that says which package is missing.
"""

_INCLUDE_DIRS = ["/usr/include"]

def _library_dir(ctx):
    result = ctx.execute(["gcc", "-print-multiarch"])
    multiarch = result.stdout.strip() if result.return_code == 0 else ""
    return "/usr/lib/" + (multiarch or "x86_64-linux-gnu")

def _archive_options(ctx, pattern):
    directory = _library_dir(ctx)
    result = ctx.execute(["sh", "-c", "cd %s && ls -1 %s" % (directory, pattern)])
    return ["-l:" + name for name in result.stdout.splitlines()]

def _system_library_impl(ctx):
    found = [d for d in _INCLUDE_DIRS if ctx.path(d + "/" + ctx.attr.header).exists]
    if not found:
        fail("%s is not installed (no <%s>). Run ./setup, or: apt-get install %s" %
             (ctx.attr.package, ctx.attr.header, ctx.attr.package))
    options = []
    if ctx.attr.static_archives:
        options = _archive_options(ctx, ctx.attr.static_archives)
        if not options:
            fail("%s has no static archives %s. Reinstall: apt-get install --reinstall %s" %
                 (ctx.attr.package, ctx.attr.static_archives, ctx.attr.package))
    ctx.template(
        "BUILD.bazel",
        ctx.attr.build_file,
        substitutions = {"%{static_archives}": repr(options)},
    )

system_library = repository_rule(
    implementation = _system_library_impl,
    local = True,
    configure = True,
    attrs = {
        "build_file": attr.label(mandatory = True, allow_single_file = True),
        "header": attr.string(mandatory = True),
        "package": attr.string(mandatory = True),
        "static_archives": attr.string(),
    },
)
