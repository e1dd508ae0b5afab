#include <gtest/gtest.h>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

TEST(PluginTest, GreetsAsItIsTold) {
  FakeHost host;
  host.config["greeting"] = "good day\n";
  const cluster_status status = host.Run(LoadForTest(PLUGIN).table, [&] {
    EXPECT_EQ(Client(host.Connect()).ReadToEnd(), "good day\n");
    EXPECT_EQ(Client(host.Connect()).ReadToEnd(), "good day\n");
  });
  EXPECT_EQ(status, CLUSTER_OK);
  EXPECT_EQ(host.open(), 0u);
  EXPECT_EQ(host.misreported(), 0u);
}

TEST(PluginTest, SaysHelloWhenItIsToldNothing) {
  FakeHost host;
  const cluster_status status = host.Run(LoadForTest(PLUGIN).table, [&] {
    EXPECT_EQ(Client(host.Connect()).ReadToEnd(), "hello\n");
  });
  EXPECT_EQ(status, CLUSTER_OK);
}

}  // namespace
}  // namespace cluster
