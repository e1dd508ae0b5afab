#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/control/messages.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

std::string Text(cluster_string text) {
  return text.data == nullptr ? "(null)" : std::string(text.data, text.size);
}

class ConfigServiceTest : public ServiceFixture {
 protected:
  const cluster_config_v1* const config_ =
      Find<cluster_config_v1>(CLUSTER_SERVICE_CONFIG_V1);
};

TEST_F(ConfigServiceTest, ConfigurationIsTheHosts) {
  EXPECT_EQ(Text(config_->get(host_, "key")), "value");
  EXPECT_EQ(Text(config_->get(host_, "empty")), "");
  EXPECT_EQ(Text(config_->get(host_, "none")), "(null)");
  EXPECT_EQ(Text(config_->argument(host_, 0)), "first");
  EXPECT_EQ(Text(config_->argument(host_, 1)), "(null)");
  EXPECT_EQ(config_->worker_id(host_), 7u);
  EXPECT_EQ(config_->worker_count(host_), 9u);
  EXPECT_EQ(config_->slot(host_), 3u);
  EXPECT_EQ(config_->generation(host_), 2u);
}

TEST_F(ConfigServiceTest, ConfigurationCanBeListed) {
  cluster_string key;
  cluster_string value;
  config_->entry(host_, 2, &key, &value);
  EXPECT_EQ(Text(key), "key");
  EXPECT_EQ(Text(value), "second");
  config_->entry(host_, 3, &key, &value);
  EXPECT_EQ(key.data, nullptr);
  EXPECT_EQ(value.data, nullptr);
}

TEST_F(ConfigServiceTest, EntryOutOfItsStateSaysSoFirst) {
  context_.contract().Enter(PluginPhase::kLoading);
  config_->entry(host_, 0, nullptr, nullptr);
  const auto sent = Sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_THAT(Decode<LogLine>(sent[0].second)->text,
              HasSubstr("entry: called in state loaded"));
  cluster_string key = {"k", 1};
  cluster_string value = {"v", 1};
  config_->entry(host_, 0, &key, &value);
  EXPECT_EQ(key.data, nullptr);
  EXPECT_EQ(value.data, nullptr);
}

}  // namespace
}  // namespace cluster
