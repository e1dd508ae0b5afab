#include "scheduler/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace cluster {
namespace {

// The message for an unknown `name`.
std::string Refusal(absl::string_view name) {
  const absl::Status status = MakePolicy(name, 0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(RegistryTest, NamesAreSortedAndDistinct) {
  const auto names = PolicyNames();
  EXPECT_GE(names.size(), 3u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(RegistryTest, UnknownNameIsToldTheNearestAndAll) {
  EXPECT_EQ(Refusal("least_conections"),
            "unknown policy \"least_conections\"; did you mean "
            "\"least_connections\"? Known: least_connections, random, "
            "round_robin");
}

TEST(RegistryTest, OffersTheNearest) {
  EXPECT_TRUE(absl::StrContains(Refusal("roundrobin"), "mean \"round_robin\""));
  EXPECT_TRUE(absl::StrContains(Refusal("Random"), "mean \"random\""));
  EXPECT_TRUE(absl::StrContains(Refusal("randmo"), "mean \"random\""));
  EXPECT_TRUE(absl::StrContains(Refusal("least"), "Known: "));
}

TEST(RegistryTest, OffersNothingWhenNothingIsNear) {
  EXPECT_FALSE(absl::StrContains(Refusal(""), "mean"));
  EXPECT_FALSE(absl::StrContains(Refusal("xyz"), "mean"));
}

TEST(RegistryTest, HostileNameStaysOneShortLine) {
  const std::string message =
      Refusal("a\nb\x1b[2J" + std::string(100'000, 'x'));
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_LT(message.size(), 400u);
}

}  // namespace
}  // namespace cluster
