// Thousands of random steps: whatever happens in whatever order, no connection
// is nowhere, none ends twice, none is started twice.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/primary/testing/dispatcher_fixture.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

constexpr size_t kListeners = 3;
constexpr size_t kSlots = 4;
constexpr int kSteps = 4'000;

class RandomWalk {
 public:
  RandomWalk(const std::string& policy, uint32_t seed)
      : random_(seed),
        f_(kSlots,
           policy,
           {.pending_capacity = 50,
            .pending_timeout_ns = 300 * DispatcherFixture::kMs},
           kListeners) {}

  void Run() {
    for (int i = 0; i < kSteps; ++i) {
      const uint32_t step = Below(100);
      Step(step);
      ASSERT_EQ(f_.Imbalance(), 0) << "after step " << i << ", " << step;
    }
    WindUp();
  }

 private:
  uint32_t Below(uint32_t n) { return random_() % n; }

  void Step(uint32_t step) {
    const size_t slot = Below(kSlots);
    const size_t listener = Below(kListeners);
    if (step < 30) {
      f_.Accept(Below(40), listener);
    } else if (step < 40) {
      f_.worker(slot, listener).Receive();
    } else if (step < 60) {
      f_.worker(slot, listener).Receive();
      Start(slot, listener, Below(20));
    } else if (step < 65) {
      f_.worker(slot, listener).Refuse(Below(10));
    } else if (step < 80) {
      f_.Close(slot, Below(20), listener);
    } else if (step < 90) {
      f_.Pass(Below(30) * DispatcherFixture::kMs);
    } else if (step < 94) {
      f_.dispatcher(listener).Add(f_.slot(slot));
    } else if (step < 96) {
      f_.dispatcher(listener).Remove(f_.slot(slot));
    } else if (step < 99) {
      f_.slot(slot).ShowsLife();
    } else {
      f_.Die(slot);
    }
  }

  void Start(size_t slot, size_t listener, size_t count) {
    for (const uint64_t id : f_.worker(slot, listener).Start(count)) {
      ASSERT_TRUE(started_.insert(id).second) << id << " was started twice";
    }
  }

  // Every worker lives and serves until nothing is left.
  void WindUp() {
    f_.AddAll();
    for (int i = 0; i < 100; ++i) {
      for (size_t slot = 0; slot < kSlots; ++slot) {
        f_.slot(slot).ShowsLife();
        for (size_t l = 0; l < kListeners; ++l) {
          f_.worker(slot, l).Receive();
          Start(slot, l, SIZE_MAX);
          f_.Close(slot, SIZE_MAX, l);
        }
      }
      f_.Pass(5 * DispatcherFixture::kMs);
    }
    uint64_t completed = 0;
    for (size_t slot = 0; slot < kSlots; ++slot) {
      EXPECT_EQ(f_.slot(slot).in_flight(), 0u);
      completed += f_.slot(slot).finished();
    }
    const Ledger& ledger = f_.ledger();
    EXPECT_EQ(ledger.accepted(), completed + ledger.lost() + ledger.expired());
    EXPECT_EQ(started_.size(), completed + ledger.lost());
    EXPECT_GT(ledger.redispatched(), 0u);
    EXPECT_GT(ledger.lost(), 0u);
  }

  std::mt19937 random_;
  DispatcherFixture f_;
  std::set<uint64_t> started_;
};

class DispatcherRandomTest : public ::testing::TestWithParam<const char*> {};

TEST_P(DispatcherRandomTest, BooksBalanceAfterEveryStep) {
  const size_t fds_before = OpenFds();
  for (const uint32_t seed : {1u, 2u, 3u}) RandomWalk(GetParam(), seed).Run();
  EXPECT_EQ(OpenFds(), fds_before);
}

INSTANTIATE_TEST_SUITE_P(Policies,
                         DispatcherRandomTest,
                         ::testing::Values("round_robin",
                                           "least_connections",
                                           "random"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace cluster
