// What policy.h promises, held against every registered policy.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "scheduler/split_mix64.h"
#include "scheduler/testing_pick.h"

namespace cluster {
namespace {

class PolicyContractTest : public testing::TestWithParam<absl::string_view> {
 protected:
  static std::unique_ptr<Policy> Make(uint64_t seed) {
    return *MakePolicy(GetParam(), seed);
  }
};

// A policy that packs leaves equals alone.
bool Spreads(absl::string_view name) { return name != "first"; }

// Any candidates a dispatcher may show: sorted keys with gaps, any load, any
// weight. The array is exactly as long as it says, for the sanitizer.
std::vector<Candidate> Draw(SplitMix64& random, size_t n) {
  std::vector<Candidate> candidates(n);
  uint64_t key = random.Below(5);
  uint32_t slot = 0;
  const uint64_t loads =
      random.Below(3) == 0 ? uint64_t{std::numeric_limits<uint32_t>::max()} : 4;
  const uint64_t weights = random.Below(2) == 0 ? 1 : 65'536;
  for (Candidate& candidate : candidates) {
    candidate = {.key = key,
                 .slot = slot++,
                 .in_flight = static_cast<uint32_t>(random.Below(loads + 1)),
                 .weight = static_cast<uint32_t>(random.Below(weights) + 1)};
    key += random.Below(4) + 1;
  }
  return candidates;
}

std::vector<Candidate> Equal(size_t n) {
  std::vector<Candidate> candidates(n);
  for (size_t i = 0; i < n; ++i) {
    candidates[i] = {.key = i + 1, .slot = static_cast<uint32_t>(i)};
  }
  return candidates;
}

TEST_P(PolicyContractTest, KnowsItsName) {
  EXPECT_EQ(Make(1)->name(), GetParam());
}

TEST_P(PolicyContractTest, IndexIsInRangeForAnyCandidates) {
  SplitMix64 random(17);
  const std::unique_ptr<Policy> policy = Make(1);
  for (size_t n = 1; n <= 300; ++n) {
    for (int round = 0; round < 20; ++round) {
      const std::vector<Candidate> candidates = Draw(random, n);
      ASSERT_LT(PickRow(*policy, candidates), n);
    }
  }
}

TEST_P(PolicyContractTest, IndexIsInRangeWhileMembershipJumps) {
  SplitMix64 random(18);
  const std::unique_ptr<Policy> policy = Make(1);
  for (int round = 0; round < 20'000; ++round) {
    const std::vector<Candidate> candidates =
        Draw(random, random.Below(300) + 1);
    ASSERT_LT(PickRow(*policy, candidates), candidates.size());
  }
}

TEST_P(PolicyContractTest, SingleCandidateIsPicked) {
  constexpr uint64_t kMaxKey = std::numeric_limits<uint64_t>::max();
  constexpr uint32_t kMaxLoad = std::numeric_limits<uint32_t>::max();
  const std::unique_ptr<Policy> policy = Make(1);
  for (uint64_t key : {uint64_t{0}, uint64_t{1}, kMaxKey}) {
    for (uint32_t load : {0u, 1u, kMaxLoad}) {
      const std::vector<Candidate> one = {{.key = key, .in_flight = load}};
      EXPECT_EQ(PickRow(*policy, one), 0u);
    }
  }
}

TEST_P(PolicyContractTest, EqualSeedsPickEqually) {
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
    SplitMix64 random(seed);
    const std::unique_ptr<Policy> one = Make(seed);
    const std::unique_ptr<Policy> two = Make(seed);
    for (int round = 0; round < 1000; ++round) {
      const std::vector<Candidate> candidates =
          Draw(random, random.Below(40) + 1);
      ASSERT_EQ(PickRow(*one, candidates), PickRow(*two, candidates));
    }
  }
}

TEST_P(PolicyContractTest, PicksEverybodyWhenLoadsAreEqual) {
  if (!Spreads(GetParam())) GTEST_SKIP() << "it packs";
  for (size_t n : {2, 3, 8, 15, 16, 17, 64, 100, 300}) {
    const std::vector<Candidate> candidates = Equal(n);
    const std::unique_ptr<Policy> policy = Make(9);
    std::vector<bool> picked(n);
    size_t missing = n;
    for (size_t i = 0; i < 40 * n && missing > 0; ++i) {
      const size_t index = PickRow(*policy, candidates);
      if (!picked[index]) --missing;
      picked[index] = true;
    }
    EXPECT_EQ(missing, 0u) << n;
  }
}

TEST_P(PolicyContractTest, SharesEquallyWhenLoadsAreEqual) {
  if (!Spreads(GetParam())) GTEST_SKIP() << "it packs";
  constexpr int kPicks = 80'000;
  const std::vector<Candidate> candidates = Equal(8);
  const std::unique_ptr<Policy> policy = Make(10);
  std::vector<int> counts(8);
  for (int i = 0; i < kPicks; ++i) ++counts[PickRow(*policy, candidates)];
  for (int count : counts) EXPECT_NEAR(count, kPicks / 8, 500);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    PolicyContractTest,
    testing::ValuesIn(PolicyNames()),
    [](const testing::TestParamInfo<absl::string_view>& info) {
      return std::string(info.param);
    });

}  // namespace
}  // namespace cluster
