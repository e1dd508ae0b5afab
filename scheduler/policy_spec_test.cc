#include "scheduler/policy_spec.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace cluster {
namespace {

constexpr PolicyParameter kKnown[] = {
    {.name = "d", .meaning = "", .least = 2, .greatest = 16, .standard = 2},
    {.name = "factor",
     .meaning = "",
     .kind = PolicyParameter::Kind::kDecimal,
     .least = 1,
     .greatest = 100,
     .standard = 1.25},
    {.name = "tau",
     .meaning = "",
     .kind = PolicyParameter::Kind::kDuration,
     .least = 0.001,
     .greatest = 3600,
     .standard = 10},
    {.name = "order",
     .meaning = "",
     .kind = PolicyParameter::Kind::kChoice,
     .standard = 0,
     .choices = "random|first"}};

absl::StatusOr<std::vector<double>> Read(absl::string_view text) {
  const absl::StatusOr<PolicySpec> spec = ParsePolicySpec(text);
  if (!spec.ok()) return spec.status();
  return ReadParameters(*spec, kKnown);
}

std::string Refusal(absl::string_view text) {
  const auto read = Read(text);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(read.status().message());
}

TEST(PolicySpecTest, NameAloneHasTheStandardValues) {
  EXPECT_EQ(ParsePolicySpec("p2c")->name, "p2c");
  EXPECT_EQ(*Read("p2c"), (std::vector<double>{2, 1.25, 10, 0}));
}

TEST(PolicySpecTest, ReadsEveryKindInAnyOrder) {
  EXPECT_EQ(*Read("x:order=first,tau=250ms,d=3,factor=1.5"),
            (std::vector<double>{3, 1.5, 0.25, 1}));
}

TEST(PolicySpecTest, RefusesWhatIsNotWritten) {
  for (absl::string_view text :
       {"x:", "x:d", "x:d=", "x:=3", "x:d=3,", "x:,"}) {
    EXPECT_TRUE(absl::StrContains(Refusal(text), "no PARAMETER=VALUE")) << text;
  }
  EXPECT_TRUE(absl::StrContains(Refusal("x:d=3,d=4"), "stands twice"));
}

TEST(PolicySpecTest, RefusesValuesOutOfRangeAndSaysTheRange) {
  for (absl::string_view value : {"1",
                                  "17",
                                  "-3",
                                  "2.5",
                                  "x",
                                  "1000000000",
                                  "1e1",
                                  "99999999999999999999"}) {
    EXPECT_TRUE(absl::StrContains(Refusal("x:d=" + std::string(value)),
                                  "d must be a whole number from 2 to 16"))
        << value;
  }
  for (absl::string_view value : {"0.99", "nan", "inf", "-1"}) {
    EXPECT_TRUE(absl::StrContains(Refusal("x:factor=" + std::string(value)),
                                  "factor must be from 1 to 100"))
        << value;
  }
  for (absl::string_view value : {"0s", "10", "-1s", "inf", "2h"}) {
    EXPECT_TRUE(absl::StrContains(Refusal("x:tau=" + std::string(value)),
                                  "tau must be from 1ms to 1h"))
        << value;
  }
  EXPECT_TRUE(absl::StrContains(Refusal("x:order=last"),
                                "order must be one of random, first"));
}

TEST(PolicySpecTest, OffersTheNearestParameter) {
  EXPECT_EQ(Refusal("x:facto=2"),
            "policy x has no parameter \"facto\"; did you mean \"factor\"? "
            "Known: d, factor, tau, order");
}

TEST(PolicySpecTest, HostileTextStaysOneShortLine) {
  const std::string junk = "a\nb\x1b[2J" + std::string(100'000, 'x');
  for (const std::string& text :
       {"x:" + junk, "x:" + junk + "=1", "x:d=" + junk, "x:tau=" + junk}) {
    const std::string message = Refusal(text);
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    EXPECT_LT(message.size(), 400u);
  }
}

}  // namespace
}  // namespace cluster
