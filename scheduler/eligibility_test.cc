#include "scheduler/eligibility.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cluster {
namespace {

constexpr EligibilityLimits kLimits;
constexpr int64_t kSlowNs = 2'000'001;
constexpr bool kPrefersIdle = true;
constexpr bool kPickStands = false;

std::vector<uint32_t> Select(const std::vector<WorkerView>& workers,
                             bool prefers_idle,
                             const EligibilityLimits& limits = kLimits) {
  std::vector<uint32_t> eligible(workers.size());
  eligible.resize(SelectEligible(workers, prefers_idle, limits, eligible));
  return eligible;
}

WorkerView Idle() { return {.listening = true}; }

WorkerView Slow() {
  return {
      .unstarted = 1, .oldest_unstarted_age_ns = kSlowNs, .listening = true};
}

WorkerView Draining() { return {.listening = true, .draining = true}; }

TEST(EligibilityTest, DefaultsAreThoseOfTheDesign) {
  EXPECT_EQ(kLimits.max_unstarted, 64u);
  EXPECT_EQ(kLimits.slow_after_ns, 2'000'000);
  EXPECT_EQ(kLimits.take_back_after_ns, 20'000'000);
}

// Every value that matters of every field, for a worker by itself.
TEST(EligibilityTest, EveryCombinationOfOneWorker) {
  for (uint64_t unstarted : {0u, 1u, 63u, 64u, 65u}) {
    for (int64_t age_ns : {int64_t{0}, int64_t{2'000'000}, kSlowNs}) {
      for (int bits = 0; bits < 32; ++bits) {
        const WorkerView worker = {.unstarted = unstarted,
                                   .oldest_unstarted_age_ns = age_ns,
                                   .listening = (bits & 1) != 0,
                                   .draining = (bits & 2) != 0,
                                   .full = (bits & 4) != 0,
                                   .suspect = (bits & 8) != 0};
        const bool can_take =
            unstarted < 64 && bits % 16 == 1;  // listening, and nothing else
        const bool slow = unstarted > 0 && age_ns > 2'000'000;
        EXPECT_EQ(CanTake(worker, kLimits), can_take);
        EXPECT_EQ(IsFine(worker, kLimits), can_take && !slow);
        // Alone, a slow worker stays eligible under any policy.
        EXPECT_EQ(Select({worker}, (bits & 16) != 0).size(),
                  can_take ? 1u : 0u);
      }
    }
  }
}

// Every triple of {idle, slow, cannot take} under both kinds of policy.
TEST(EligibilityTest, EveryCombinationOfThreeWorkers) {
  const WorkerView kinds[] = {Idle(), Slow(), Draining()};
  for (int triple = 0; triple < 27; ++triple) {
    const int kind[] = {triple % 3, triple / 3 % 3, triple / 9};
    std::vector<WorkerView> workers;
    std::vector<uint32_t> idle;
    std::vector<uint32_t> able;
    for (uint32_t i = 0; i < 3; ++i) {
      workers.push_back(kinds[kind[i]]);
      if (kind[i] == 0) idle.push_back(i);
      if (kind[i] != 2) able.push_back(i);
    }
    EXPECT_EQ(Select(workers, kPickStands), able) << triple;
    EXPECT_EQ(Select(workers, kPrefersIdle), idle.empty() ? able : idle)
        << triple;
  }
}

TEST(EligibilityTest, NoWorkersNoneEligible) {
  EXPECT_TRUE(Select({}, kPrefersIdle).empty());
  EXPECT_TRUE(Select({}, kPickStands).empty());
}

TEST(EligibilityTest, AllSlowFillUpToTheLimit) {
  WorkerView nearly = Slow();
  nearly.unstarted = 63;
  WorkerView filled = Slow();
  filled.unstarted = 64;
  EXPECT_EQ(Select({nearly, filled, Slow()}, kPrefersIdle),
            (std::vector<uint32_t>{0, 2}));
}

// One that is quick but can take nothing is no reason to skip the slow ones.
TEST(EligibilityTest, QuickWorkerThatIsFullDoesNotCountAsFine) {
  WorkerView full = Idle();
  full.full = true;
  WorkerView filled = {.unstarted = 64, .listening = true};
  EXPECT_EQ(Select({Slow(), full, filled}, kPrefersIdle),
            (std::vector<uint32_t>{0}));
}

TEST(EligibilityTest, AgeWithoutUnstartedMeansNothing) {
  const WorkerView idle = {.oldest_unstarted_age_ns = kSlowNs,
                           .listening = true};
  EXPECT_EQ(Select({idle, Slow()}, kPrefersIdle), (std::vector<uint32_t>{0}));
}

TEST(EligibilityTest, HonoursOtherLimits) {
  const EligibilityLimits limits = {.max_unstarted = 2, .slow_after_ns = 10};
  const WorkerView quick = {
      .unstarted = 1, .oldest_unstarted_age_ns = 10, .listening = true};
  const WorkerView slow = {
      .unstarted = 1, .oldest_unstarted_age_ns = 11, .listening = true};
  const WorkerView filled = {.unstarted = 2, .listening = true};
  EXPECT_EQ(Select({quick, slow, filled}, kPrefersIdle, limits),
            (std::vector<uint32_t>{0}));
}

TEST(EligibilityTest, MaxUnstartedOfZeroStopsAll) {
  EXPECT_TRUE(Select({Idle()}, kPrefersIdle, {.max_unstarted = 0}).empty());
}

TEST(EligibilityTest, TakesBackWhatIsOldIfAnotherIsFine) {
  constexpr bool kAnotherIsFine = true;
  EXPECT_FALSE(ShouldTakeBack(0, kAnotherIsFine));
  EXPECT_FALSE(ShouldTakeBack(20'000'000, kAnotherIsFine));
  EXPECT_TRUE(ShouldTakeBack(20'000'001, kAnotherIsFine));
  EXPECT_FALSE(ShouldTakeBack(20'000'001, !kAnotherIsFine));
  EXPECT_TRUE(ShouldTakeBack(8, kAnotherIsFine, {.take_back_after_ns = 7}));
}

// Which of four workers are eligible, of whom the first `ejected` are.
std::vector<uint32_t> EligibleOfFour(size_t ejected, uint32_t panic_percent) {
  std::vector<WorkerView> workers(4, {.listening = true});
  for (size_t i = 0; i < ejected; ++i) workers[i].ejected = true;
  std::vector<uint32_t> eligible(4);
  eligible.resize(SelectEligible(workers,
                                 /*prefers_idle=*/true,
                                 {.panic_percent = panic_percent},
                                 eligible));
  return eligible;
}

TEST(EligibilityTest, EjectedWorkersGetNothing) {
  EXPECT_EQ(EligibleOfFour(1, 50), (std::vector<uint32_t>{1, 2, 3}));
  EXPECT_EQ(EligibleOfFour(2, 50), (std::vector<uint32_t>{2, 3}));
}

// Those who are sound are at their limits: what is too much for them waits, and
// does not go to one that fails.
TEST(EligibilityTest, FullWorkersAreNoReasonToPanic) {
  WorkerView ejected = Idle();
  ejected.ejected = true;
  WorkerView full = Idle();
  full.full = true;
  WorkerView filled = Idle();
  filled.unstarted = 64;
  EXPECT_TRUE(Select({ejected, full}, kPrefersIdle).empty());
  EXPECT_TRUE(Select({ejected, filled}, kPrefersIdle).empty());
  EXPECT_EQ(Select({ejected, full, Idle()}, kPrefersIdle),
            (std::vector<uint32_t>{2}));
}

// One that stands still serves nobody: those who are ejected are needed.
TEST(EligibilityTest, SuspectWorkersAreAReasonToPanic) {
  WorkerView ejected = Idle();
  ejected.ejected = true;
  WorkerView suspect = Idle();
  suspect.suspect = true;
  EXPECT_EQ(Select({ejected, suspect}, kPrefersIdle),
            (std::vector<uint32_t>{0}));
  EXPECT_EQ(Select({ejected, suspect, Idle()}, kPrefersIdle),
            (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(Select({ejected, Draining(), Idle()}, kPrefersIdle),
            (std::vector<uint32_t>{2}))
      << "one that drains counts for nothing";
}

TEST(EligibilityTest, InPanicAllAreEligible) {
  const std::vector<uint32_t> all = {0, 1, 2, 3};
  EXPECT_EQ(EligibleOfFour(3, 50), all);
  EXPECT_EQ(EligibleOfFour(3, 25), (std::vector<uint32_t>{3}));
  EXPECT_EQ(EligibleOfFour(4, 50), all);
  EXPECT_EQ(EligibleOfFour(4, 0), all);
}

}  // namespace
}  // namespace cluster
