// The host runs a plugin whatever compiler, optimisation and C++ library it was
// built with: what crosses is C.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "plugins/testing/loading.h"
#include "tests/abi/serves.h"

namespace cluster {
namespace {

constexpr char kMatrix[] = "tests/abi/matrix";

class MatrixTest : public testing::TestWithParam<std::string> {};

TEST_P(MatrixTest, Serves) {
  if (std::filesystem::file_size(GetParam()) == 0) {
    GTEST_SKIP() << "its C++ library is not installed";
  }
  ExpectServes(GetParam());
}

INSTANTIATE_TEST_SUITE_P(EveryBuild,
                         MatrixTest,
                         testing::ValuesIn(PluginsBelow(kMatrix)),
                         [](const auto& info) {
                           return TestNameOf(info.param);
                         });

TEST(MatrixFilesTest, NoneIsMissing) {
  EXPECT_EQ(PluginsBelow(kMatrix).size(), 11u);
}

}  // namespace
}  // namespace cluster
