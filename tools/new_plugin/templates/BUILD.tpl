load("//plugins:worker_plugin.bzl", "worker_plugin")

worker_plugin(
    name = "@NAME@",
    srcs = ["@SOURCE@"],
    deps = ["@LIBRARY@"],
)

cc_test(
    name = "@NAME@_test",
    size = "small",
    srcs = ["@NAME@_test.cc"],
    data = [":@NAME@.so"],
    local_defines = ['PLUGIN=\\"@PACKAGE@/@NAME@.so\\"'],
    deps = [
        "//plugins/testing:client",
        "//plugins/testing:fake_host",
        "//plugins/testing:loading",
        "@googletest//:gtest_main",
    ],
)
