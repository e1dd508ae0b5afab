// What policy.h promises, held against every registered policy.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "scheduler/split_mix64.h"
#include "scheduler/testing/keys.h"
#include "scheduler/testing/pick.h"

namespace cluster {
namespace {

class PolicyContractTest : public testing::TestWithParam<absl::string_view> {
 protected:
  static std::unique_ptr<Policy> Make(uint64_t seed) {
    return *MakePolicy(GetParam(), seed);
  }
  // Maglev builds a table for each round's weights: fewer of them will do.
  static int Rounds(int rounds) {
    return GetParam() == "maglev" ? rounds / 20 : rounds;
  }
};

// The names of those of whom `holds` is true.
template <class Predicate>
std::vector<absl::string_view> PoliciesWho(Predicate holds) {
  std::vector<absl::string_view> names;
  for (const absl::string_view name : PolicyNames()) {
    if (holds(**MakePolicy(std::string(name), 1))) names.push_back(name);
  }
  return names;
}

// A policy that packs leaves equals alone.
bool Spreads(const Policy& policy) { return policy.name() != "first"; }

bool IsSticky(const Policy& policy) { return policy.wants_key(); }

bool SpreadsByWeight(const Policy& policy) {
  return Spreads(policy) && policy.heeds_weights();
}

bool SpreadsIdleByWeight(const Policy& policy) {
  return SpreadsByWeight(policy) && policy.weighs_idle();
}

class IdleByWeightTest : public PolicyContractTest {};
class SpreadingPolicyTest : public PolicyContractTest {};
class StickyPolicyTest : public PolicyContractTest {};
class WeightedPolicyTest : public PolicyContractTest {};

// Any candidates a dispatcher may show: sorted keys with gaps, slots in any
// order, any load, any weight, any capacity. The array is exactly as long as it
// says, for the sanitizer.
std::vector<Candidate> Draw(SplitMix64& random, size_t n) {
  std::vector<Candidate> candidates(n);
  uint64_t key = random.Below(5);
  std::vector<uint32_t> slots(n + random.Below(5));
  std::iota(slots.begin(), slots.end(), 0);
  // In the order of the keys as after a start, or in another, after restarts.
  const bool restarted = random.Below(2) != 0;
  for (size_t i = restarted ? slots.size() : 0; i > 1; --i) {
    std::swap(slots[i - 1], slots[random.Below(i)]);
  }
  const uint64_t loads =
      random.Below(3) == 0 ? uint64_t{std::numeric_limits<uint32_t>::max()} : 4;
  const uint64_t weights = random.Below(2) == 0 ? 1 : 65'536;
  const uint64_t requests = random.Below(2) == 0 ? 0 : loads;
  for (size_t i = 0; i < n; ++i) {
    Candidate& candidate = candidates[i];
    candidate = {.key = key,
                 .slot = slots[i],
                 .in_flight = static_cast<uint32_t>(random.Below(loads + 1)),
                 .weight = static_cast<uint32_t>(random.Below(weights) + 1),
                 .requests = static_cast<uint32_t>(random.Below(requests + 1))};
    if (random.Below(2) == 0) {
      candidate.capacity = static_cast<uint32_t>(random.Below(loads + 2));
    }
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
    for (int round = 0; round < Rounds(20); ++round) {
      const std::vector<Candidate> candidates = Draw(random, n);
      ASSERT_LT(PickRow(*policy, candidates), n);
    }
  }
}

TEST_P(PolicyContractTest, IndexIsInRangeWhileMembershipJumps) {
  SplitMix64 random(18);
  const std::unique_ptr<Policy> policy = Make(1);
  for (int round = 0; round < Rounds(20'000); ++round) {
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
    for (int round = 0; round < Rounds(1000); ++round) {
      const std::vector<Candidate> candidates =
          Draw(random, random.Below(40) + 1);
      ASSERT_EQ(PickRow(*one, candidates), PickRow(*two, candidates));
    }
  }
}

TEST_P(SpreadingPolicyTest, PicksEverybodyWhenLoadsAreEqual) {
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

TEST_P(SpreadingPolicyTest, SharesEquallyWhenLoadsAreEqual) {
  constexpr int kPicks = 80'000;
  const std::vector<Candidate> candidates = Equal(8);
  const std::unique_ptr<Policy> policy = Make(10);
  std::vector<int> counts(8);
  for (int i = 0; i < kPicks; ++i) ++counts[PickRow(*policy, candidates)];
  for (int count : counts) EXPECT_NEAR(count, kPicks / 8, 500);
}

// A policy that spreads by weight does so over many picks of one batch.
TEST_P(WeightedPolicyTest, LoadFollowsWeights) {
  constexpr int kPicks = 40'000;
  CandidateTable table;
  for (uint32_t slot = 0; slot < 8; ++slot) {
    table.Add({.key = slot + 1,
               .slot = slot,
               .in_flight = 1,
               .weight = slot < 4 ? 3u : 1u});
  }
  const std::unique_ptr<Policy> policy = Make(12);
  int heavy = 0;
  for (int i = 0; i < kPicks; ++i) {
    const size_t row = policy->Pick({.now_ns = i}, table.view());
    table.Place(row);
    heavy += row < 4 ? 1 : 0;
  }
  EXPECT_NEAR(heavy, kPicks * 3 / 4, kPicks / 50);
}

// A quiet host: each connection ends before the next one comes, so that all are
// idle, and known to be equally fast. Slow start works by weights, too.
TEST_P(IdleByWeightTest, IdleWorkersArePickedByWeight) {
  constexpr int kPicks = 60'000;
  for (const std::vector<uint32_t>& weights :
       {std::vector<uint32_t>{3, 1}, std::vector<uint32_t>{10, 1, 1, 1, 2}}) {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    CandidateTable table = Workers(weights);
    const std::unique_ptr<Policy> policy = Make(13);
    for (uint32_t slot = 0; slot < weights.size(); ++slot) {
      policy->OnCompleted(
          {.key = slot + 1, .slot = slot, .count = 1, .total_ns = 1000});
    }
    std::vector<int> counts(weights.size());
    for (int i = 0; i < kPicks; ++i) {
      ++counts[policy->Pick({.now_ns = i}, table.view())];
    }
    for (size_t i = 0; i < weights.size(); ++i) {
      EXPECT_NEAR(counts[i], kPicks * weights[i] / total, 700) << i;
    }
  }
}

// One has most of all weight, so that it must be compared most of the time.
TEST_P(WeightedPolicyTest, LoadFollowsAGreatWeight) {
  constexpr int kPicks = 20'000;
  CandidateTable table;
  for (uint32_t slot = 0; slot < 8; ++slot) {
    table.Add({.key = slot + 1,
               .slot = slot,
               .in_flight = 1,
               .weight = slot == 0 ? 21u : 1u});
  }
  const std::unique_ptr<Policy> policy = Make(14);
  int heavy = 0;
  for (int i = 0; i < kPicks; ++i) {
    const size_t row = policy->Pick({.now_ns = i}, table.view());
    table.Place(row);
    heavy += row == 0 ? 1 : 0;
  }
  EXPECT_NEAR(heavy, kPicks * 3 / 4, kPicks / 50);
}

// What workers report, true or not: any numbers, of workers that are there,
// dead, or never were candidates.
TEST_P(PolicyContractTest, AnyReportLeavesPicksInRange) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  SplitMix64 random(21);
  const std::unique_ptr<Policy> policy = Make(1);
  int64_t now_ns = 0;
  for (int round = 0; round < Rounds(5000); ++round) {
    const std::vector<Candidate> candidates =
        Draw(random, random.Below(20) + 1);
    const uint32_t count = static_cast<uint32_t>(random.Next());
    policy->OnCompleted(
        {.key = random.Below(60),
         .slot = static_cast<uint32_t>(random.Below(40)),
         .count = random.Below(3) == 0 ? 0 : count,
         .total_ns = random.Below(3) == 0 ? kMost : int64_t(random.Below(9)),
         .failed = random.Below(2) == 0 ? 0 : count,
         .in_flight = static_cast<uint32_t>(random.Next()),
         .now_ns = now_ns});
    now_ns += random.Below(2) == 0 ? 0 : random.Below(uint64_t{1} << 40);
    ASSERT_LT(
        PickRow(
            *policy, candidates, {.now_ns = now_ns, .key = random.Below(3)}),
        candidates.size());
  }
}

// Sticky policies say that they read the key, and others do not read it.
TEST_P(PolicyContractTest, KeyMattersOnlyToThoseThatWantIt) {
  const std::unique_ptr<Policy> with = Make(5);
  const std::unique_ptr<Policy> without = Make(5);
  CandidateTable table = TableOf(Equal(16));
  bool differs = false;
  for (uint64_t key = 1; key <= 200; ++key) {
    const size_t one = with->Pick({.key = key}, table.view());
    differs |= one != without->Pick({.key = 7}, table.view());
    if (with->wants_key()) {
      EXPECT_EQ(with->Pick({.key = key}, table.view()), one);
    }
  }
  EXPECT_EQ(differs, with->wants_key());
}

TEST_P(StickyPolicyTest, SuccessorInTheSlotKeepsTheKeys) {
  const std::unique_ptr<Policy> policy = Make(6);
  const CandidateTable before = Workers(EqualWeights(3));
  CandidateTable restarted;
  restarted.Add({.key = 1, .slot = 0});
  restarted.Add({.key = 3, .slot = 2});
  restarted.Add({.key = 9, .slot = 1});
  EXPECT_EQ(SlotsOf(*policy, restarted, 40'000),
            SlotsOf(*policy, before, 40'000));
}

TEST_P(StickyPolicyTest, WithoutAKeyAnyWorkerIsPicked) {
  const std::unique_ptr<Policy> policy = Make(7);
  CandidateTable table = Workers(EqualWeights(4));
  std::vector<int> counts(4);
  for (int i = 0; i < 40'000; ++i) ++counts[policy->Pick({}, table.view())];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 450);
}

TEST_P(PolicyContractTest, ReportMattersOnlyToThoseThatWantIt) {
  const std::unique_ptr<Policy> told = Make(6);
  const std::unique_ptr<Policy> untold = Make(6);
  std::vector<Candidate> rows = Equal(2);
  for (Candidate& row : rows) row.in_flight = 1;
  CandidateTable table = TableOf(rows);
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    for (uint32_t slot : {0, 1}) {
      told->OnCompleted({.key = slot + uint64_t{1},
                         .slot = slot,
                         .count = 1,
                         .total_ns = slot == 0 ? 1000 : 900'000,
                         .in_flight = 1,
                         .now_ns = i});
    }
    differs |= told->Pick({.now_ns = i}, table.view()) !=
               untold->Pick({.now_ns = i}, table.view());
  }
  EXPECT_EQ(differs, told->wants_completions());
}

// The work that is left matters to those that say so.
TEST_P(PolicyContractTest, WorkMattersOnlyToThoseThatReadIt) {
  const std::unique_ptr<Policy> one = Make(7);
  const std::unique_ptr<Policy> two = Make(7);
  std::vector<Candidate> rows = Equal(8);
  for (Candidate& row : rows) row.in_flight = 2;
  CandidateTable table = TableOf(rows);
  Candidates rising = table.view();
  Candidates falling = rising;
  const int64_t up[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const int64_t down[] = {8, 7, 6, 5, 4, 3, 2, 1};
  rising.work_ns = up;
  falling.work_ns = down;
  bool differs = false;
  for (int i = 0; i < 256; ++i) {
    const Arrival arrival = {.now_ns = i, .key = i + uint64_t{1}, .work_ns = 1};
    differs |= one->Pick(arrival, rising) != two->Pick(arrival, falling);
  }
  EXPECT_EQ(differs, one->reads_work());
}

TEST_P(PolicyContractTest, WeightsMatterOnlyToThoseThatHeedThem) {
  const std::unique_ptr<Policy> one = Make(8);
  const std::unique_ptr<Policy> two = Make(8);
  std::vector<Candidate> rows = Equal(8);
  for (Candidate& row : rows) {
    // Neither idle nor, for one that packs, below what an equal share allows.
    row.in_flight = row.requests = 150 + row.slot;
  }
  CandidateTable equal = TableOf(rows);
  for (Candidate& row : rows) row.weight = 1 + row.slot;
  CandidateTable rising = TableOf(rows);
  bool differs = false;
  for (int i = 0; i < 256; ++i) {
    const Arrival arrival = {.now_ns = i, .key = i + uint64_t{1}};
    differs |=
        one->Pick(arrival, equal.view()) != two->Pick(arrival, rising.view());
  }
  EXPECT_EQ(differs, one->heeds_weights());
}

std::string Name(const testing::TestParamInfo<absl::string_view>& info) {
  return std::string(info.param);
}

INSTANTIATE_TEST_SUITE_P(All,
                         PolicyContractTest,
                         testing::ValuesIn(PolicyNames()),
                         Name);
INSTANTIATE_TEST_SUITE_P(All,
                         SpreadingPolicyTest,
                         testing::ValuesIn(PoliciesWho(Spreads)),
                         Name);
INSTANTIATE_TEST_SUITE_P(All,
                         StickyPolicyTest,
                         testing::ValuesIn(PoliciesWho(IsSticky)),
                         Name);
INSTANTIATE_TEST_SUITE_P(All,
                         IdleByWeightTest,
                         testing::ValuesIn(PoliciesWho(SpreadsIdleByWeight)),
                         Name);
INSTANTIATE_TEST_SUITE_P(All,
                         WeightedPolicyTest,
                         testing::ValuesIn(PoliciesWho(SpreadsByWeight)),
                         Name);

}  // namespace
}  // namespace cluster
