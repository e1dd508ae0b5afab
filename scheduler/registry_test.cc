#include "scheduler/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scheduler/policy_parameter.h"

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
            "\"least_connections\"? Known: " +
                absl::StrJoin(PolicyNames(), ", "));
}

TEST(RegistryTest, TakesParameters) {
  EXPECT_TRUE(MakePolicy("p2c:d=3", 1).ok());
  EXPECT_EQ(Refusal("p2c:d=1"),
            "policy p2c: d must be a whole number from 2 to 16, not \"1\"");
  EXPECT_EQ(Refusal("p2c:dd=3"),
            "policy p2c has no parameter \"dd\"; Known: d");
  EXPECT_EQ(Refusal("random:d=3"),
            "policy random has no parameter \"d\"; it has none");
}

TEST(RegistryTest, EveryStandardValueIsInItsRange) {
  for (const PolicyFacts& facts : KnownPolicies()) {
    for (const PolicyParameter& each : facts.parameters) {
      const auto read = ReadParameter(each, ShowParameter(each, each.standard));
      ASSERT_TRUE(read.ok()) << facts.name << ": " << read.status();
      EXPECT_EQ(*read, each.standard) << facts.name << " " << each.name;
    }
  }
}

TEST(RegistryTest, HelpHasEveryPolicyAndParameter) {
  const std::string help = PolicyHelp();
  for (const PolicyFacts& facts : KnownPolicies()) {
    EXPECT_TRUE(absl::StrContains(help, absl::StrCat(facts.name, "  ")));
    for (const PolicyParameter& each : facts.parameters) {
      EXPECT_TRUE(absl::StrContains(help, absl::StrCat("    ", each.name, "=")))
          << facts.name;
    }
  }
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
  EXPECT_LT(message.size(), 600u);
}

}  // namespace
}  // namespace cluster
