// Values as JSON text, by the setting of a worker: a plugin that knows nothing
// of them reads what the primary sends, and the primary what the plugin sends.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/time/time.h"
#include "core/cluster.h"

namespace cluster {
namespace {

TEST(ClusterSerializationTest, PluginReadsAndWritesJson) {
  const std::string plugin =
      std::filesystem::absolute("tests/plugins/pen_pal.so");
  Cluster cluster(0, nullptr);
  const auto worker = cluster.fork(
      {.settings = {.plugin = plugin, .serialization = Serialization::kJson}});
  const Value sent = Value::Map{{"port", 80}, {"hosts", Value::List{"a", "b"}}};
  std::string text;
  Value came;
  // It answers by what it got, byte by byte.
  worker->request(sent, absl::Seconds(20), [&](Reply& reply) {
    EXPECT_TRUE(reply.ok()) << reply.status;
    text = reply.message.text();
    came = reply.message.value().value_or(nullptr);
    worker->disconnect();
  });
  EXPECT_EQ(cluster.run(), 0);
  EXPECT_EQ(text, R"({"hosts":["a","b"],"port":80})");
  EXPECT_EQ(came, sent) << came.DebugText();
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  cluster::run_if_plugin_worker();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
