#include "core/host/banner.h"

#include <gtest/gtest.h>

#include "ipc/address.h"

namespace cluster {
namespace {

Banner Greeter() {
  return {.plugin = "greeter",
          .version = "1.0",
          .build_id = "0123abcd",
          .bound = {*ParseListenAddress("127.0.0.1:8080")},
          .workers = 2,
          .policy = "random"};
}

TEST(BannerTest, SaysWhichBuildOfThePluginServes) {
  EXPECT_EQ(ToText(Greeter()),
            "Serving greeter on 127.0.0.1:8080\n"
            "  plugin     1.0, build id 0123abcd\n"
            "  workers    2\n"
            "  policy     random\n"
            "  data path  handoff\n"
            "  stop       Ctrl-C (again to stop at once)\n");
}

TEST(BannerTest, SaysNothingOfWhatTheFileDoesNotSay) {
  Banner banner = Greeter();
  banner.version.clear();
  EXPECT_NE(ToText(banner).find("\n  plugin     build id 0123abcd\n"),
            std::string::npos);
  banner.build_id.clear();
  EXPECT_EQ(ToText(banner).find("\n  plugin"), std::string::npos);
}

}  // namespace
}  // namespace cluster
