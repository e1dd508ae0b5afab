"""fuzz_test: one fuzz target that is also a regression test.

In the plain build the target replays its corpus and passes or fails like any
other test. With --config=fuzz the same target links libFuzzer and searches:

    bazel run --config=fuzz //tests/fuzz:frame_fuzz -- -max_total_time=60
"""

def fuzz_test(name, srcs, corpus, deps = [], malloc_limit_mb = 64):
    """Declares the library with LLVMFuzzerTestOneInput and the target around it.

    Args:
      name: the target's name.
      srcs: what defines LLVMFuzzerTestOneInput.
      corpus: the inputs to replay and to start from; not empty.
      deps: of `srcs`.
      malloc_limit_mb: an allocation above this many MiB is a finding.
    """
    if not corpus:
        fail("%s has no corpus" % name)
    native.cc_library(
        name = name + "_input",
        testonly = True,
        srcs = srcs,
        linkstatic = True,
        deps = deps,
    )
    paths = ["%s/%s" % (native.package_name(), file) for file in corpus]
    native.cc_test(
        name = name,
        size = "small",
        args = select({
            "//tests/fuzz:fuzzing": [
                # By name and not as a folder, into which it would write.
                "-seed_inputs=" + ",".join(paths),
                "-malloc_limit_mb=%d" % malloc_limit_mb,
                "-timeout=5",
            ],
            "//conditions:default": paths,
        }),
        data = corpus,
        linkopts = select({
            "//tests/fuzz:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = [":" + name + "_input"] + select({
            "//tests/fuzz:fuzzing": [],
            "//conditions:default": ["//tests/fuzz:replay_main"],
        }),
    )
