#include "plugins/resp_kv/settings.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/abi/cluster_plugin.h"

namespace cluster::resp_kv {
namespace {

sdk::Result<Settings> Read(const std::map<std::string, std::string>& pairs) {
  return Settings::Read(
      [&](const char* key) -> std::optional<std::string_view> {
        const auto at = pairs.find(key);
        if (at == pairs.end()) return std::nullopt;
        return at->second;
      });
}

TEST(SettingsTest, DefaultsHold) {
  auto settings = Read({});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->max_memory_bytes, 0u);
  EXPECT_EQ(settings->request_timeout_ms, 1000);
  EXPECT_EQ(settings->max_output_bytes, 256u << 20);
}

TEST(SettingsTest, ReadsUnits) {
  auto settings = Read({{"max_memory", "2gb"},
                        {"request_timeout", "1500ms"},
                        {"max_output", "64kb"}});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->max_memory_bytes, uint64_t{2} << 30);
  EXPECT_EQ(settings->request_timeout_ms, 1500);
  EXPECT_EQ(settings->max_output_bytes, 64u << 10);
  EXPECT_EQ(Read({{"request_timeout", "2s"}})->request_timeout_ms, 2000);
  EXPECT_EQ(Read({{"max_memory", "1000"}})->max_memory_bytes, 1000u);
}

TEST(SettingsTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> bad[] = {
      {"max_memory", "lots"},
      {"max_memory", "-1"},
      {"max_memory", "99999999999gb"},
      {"request_timeout", "5"},
      {"request_timeout", "0ms"},
      {"request_timeout", "3601s"},
      {"max_output", "0"}};
  for (const auto& [key, value] : bad) {
    const auto settings = Read({{key, value}});
    ASSERT_FALSE(settings.ok()) << key << value;
    EXPECT_EQ(settings.status().code(), CLUSTER_E_CONFIG);
    EXPECT_NE(settings.status().message().find(std::string(key) + "=\"" +
                                               value + "\" is not"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace cluster::resp_kv
