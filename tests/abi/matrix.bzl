"""plugin_matrix: the test plugins as several compilers build them."""

_FLAGS = ("-shared -fPIC -fvisibility=hidden -Wall -Wextra " +
          "-Wno-unused-parameter -Werror -I. -Wl,-z,defs " +
          "-Wl,--version-script=$(location //plugins:worker_plugin.lds)")

def _build(name, source, command, optional):
    """Builds matrix/NAME.so; an empty file where an optional compiler is not."""
    build = "%s %s -o $@ $(location %s)" % (command, _FLAGS, source)
    if optional:
        build = ("if echo '#include <version>' | %s -x c++ -E - >/dev/null 2>&1; " +
                 "then %s; else : >$@; fi") % (command, build)
    native.genrule(
        name = "matrix_" + name,
        testonly = True,
        srcs = [
            source,
            "//plugins:worker_plugin.lds",
            "//plugins/abi:headers",
            "//plugins/sdk:headers",
        ],
        outs = ["matrix/%s.so" % name],
        cmd = build,
    )
    return ":matrix_" + name

def plugin_matrix(name, c, cxx):
    """Builds the plugins of this folder by every compiler, as filegroup NAME.

    Args:
      name: of the filegroup
      c: name -> command of C compilers
      cxx: name -> command of C++ compilers; one with -stdlib may be missing
    """
    srcs = [
        _build("%s-%s" % (plugin, key), "plugins/%s.c" % plugin, command, False)
        for plugin in ["own_loop", "services"]
        for key, command in c.items()
    ] + [
        _build("sdk_echo-" + key, "plugins/sdk_echo.cc", command, "-stdlib" in command)
        for key, command in cxx.items()
    ]
    native.filegroup(
        name = name,
        testonly = True,
        srcs = srcs,
    )
