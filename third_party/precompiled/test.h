// What tests include beside library.h, which precompiled.bzl puts before it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
