"""worker_plugin: a plugin as a shared object that exports nothing but its entry."""

def worker_plugin(name, srcs, deps = [], copts = [], linkopts = [], testonly = False, visibility = None):
    """Builds NAME.so and the tests that every plugin gets.

    NAME_symbols_test: it exports cluster_plugin_entry alone, imports nothing of
    the host, and has its note. NAME_layout_test: with these options, its
    compiler sees the structs that cross as the host does.

    Args:
      name: the plugin's name; the file is NAME.so
      srcs: sources in C or C++; one of them defines the entry
      deps: libraries, linked in statically
      copts: further compiler options
      linkopts: further linker options
      testonly: for plugins that only tests load
      visibility: as usual
    """
    so = name + ".so"
    script = "//plugins:worker_plugin.lds"
    native.cc_binary(
        name = so,
        testonly = testonly,
        srcs = srcs,
        copts = ["-fvisibility=hidden"] + copts,
        linkopts = [
            "-Wl,--version-script=$(location %s)" % script,
            "-Wl,--build-id=sha1",
            # One in C loads no C++ library, though Bazel names it to all.
            "-Wl,--as-needed",
        ] + select({
            # A sanitizer's runtime is in the host's binary.
            "//plugins:sanitized": [],
            "//conditions:default": ["-Wl,-z,defs"],
        }) + linkopts,
        linkshared = True,
        visibility = visibility,
        deps = deps + [script],
    )
    native.sh_test(
        name = name + "_symbols_test",
        size = "small",
        srcs = ["//plugins/testing:symbols_test.sh"],
        args = ["$(location :%s)" % so],
        data = [":" + so],
    )
    in_c = [source for source in srcs if source.endswith(".c")]
    native.cc_test(
        name = name + "_layout_test",
        size = "small",
        srcs = [
            "//plugins/abi:layout.h",
            "//plugins/abi:layout_test." + ("c" if in_c else "cc"),
        ],
        copts = copts,
        deps = ["//plugins/abi:cluster_plugin"],
    )
