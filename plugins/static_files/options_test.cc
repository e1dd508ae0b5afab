#include "plugins/static_files/options.h"

#include <gtest/gtest.h>

namespace cluster::static_files {
namespace {

std::string ErrorOf(const std::vector<Setting>& settings) {
  const sdk::Result<Options> options = ParseOptions(settings);
  if (options.ok()) return "";
  EXPECT_EQ(options.status().code(), CLUSTER_E_CONFIG);
  return options.status().message();
}

TEST(OptionsTest, RootAloneIsEnough) {
  sdk::Result<Options> options = ParseOptions({{"root", "/srv"}});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->root, "/srv");
  EXPECT_EQ(options->index, "index.html");
  EXPECT_FALSE(options->listing);
  EXPECT_FALSE(options->precompressed);
  EXPECT_EQ(options->max_age_s, std::nullopt);
}

TEST(OptionsTest, AllCanBeSet) {
  sdk::Result<Options> options = ParseOptions({{"root", "r"},
                                               {"index", "home.htm"},
                                               {"listing", "on"},
                                               {"precompressed", "on"},
                                               {"max_age", "0"},
                                               {"keepalive_timeout", "5"},
                                               {"header_timeout", "6"},
                                               {"send_timeout", "86400"}});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->index, "home.htm");
  EXPECT_TRUE(options->listing);
  EXPECT_TRUE(options->precompressed);
  EXPECT_EQ(options->max_age_s, 0u);
  EXPECT_EQ(options->keepalive_timeout_s, 5u);
  EXPECT_EQ(options->header_timeout_s, 6u);
  EXPECT_EQ(options->send_timeout_s, 86'400u);
}

TEST(OptionsTest, NoRootIsRefused) {
  EXPECT_EQ(ErrorOf({}), "say what to serve: --set root=FOLDER");
  EXPECT_EQ(ErrorOf({{"root", ""}}), "say what to serve: --set root=FOLDER");
}

TEST(OptionsTest, UnknownKeyIsRefusedWithTheNearest) {
  EXPECT_EQ(ErrorOf({{"rot", "/srv"}}),
            "unknown setting \"rot\": did you mean \"root\"?");
  EXPECT_EQ(ErrorOf({{"max-age", "1"}}),
            "unknown setting \"max-age\": did you mean \"max_age\"?");
  EXPECT_EQ(ErrorOf({{"headers_timeout", "1"}}),
            "unknown setting \"headers_timeout\": did you mean "
            "\"header_timeout\"?");
}

TEST(OptionsTest, UnknownKeyThatIsLikeNoneIsRefusedWithAll) {
  EXPECT_EQ(ErrorOf({{"color", "blue"}}),
            "unknown setting \"color\"; known: root, index, listing, "
            "precompressed, max_age, keepalive_timeout, header_timeout, "
            "send_timeout");
}

TEST(OptionsTest, ImpossibleValuesAreRefused) {
  EXPECT_EQ(ErrorOf({{"listing", "yes"}}),
            "listing=yes: expected is on or off");
  EXPECT_EQ(ErrorOf({{"precompressed", ""}}),
            "precompressed=: expected is on or off");
  EXPECT_EQ(ErrorOf({{"index", "a/b"}}),
            "index=a/b: expected is the name of a file, such as index.html");
  EXPECT_NE(ErrorOf({{"index", ".."}}), "");
  for (const char* seconds :
       {"", "0", "-1", "1s", " 1", "86401", "1.5", "99999999999999999999"}) {
    EXPECT_EQ(ErrorOf({{"header_timeout", seconds}}),
              "header_timeout=" + std::string(seconds) +
                  ": expected are seconds, 1 to 86400");
  }
  EXPECT_EQ(ErrorOf({{"max_age", "31536001"}}),
            "max_age=31536001: expected are seconds, 0 to 31536000");
}

}  // namespace
}  // namespace cluster::static_files
