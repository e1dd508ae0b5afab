// What tests include beside library.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
