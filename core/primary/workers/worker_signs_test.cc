#include "core/primary/workers/worker_signs.h"

#include <gtest/gtest.h>

#include "core/scoreboard/plugin_phase.h"

namespace cluster {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr auto kCreating = static_cast<uint32_t>(PluginPhase::kCreating);
constexpr auto kServing = static_cast<uint32_t>(PluginPhase::kServing);
constexpr auto kNone = static_cast<uint32_t>(PluginPhase::kNone);

const WatchdogLimits kBoth = {.start_timeout = absl::Milliseconds(100),
                              .heartbeat_timeout = absl::Milliseconds(50)};

TEST(WorkerSignsTest, WorkerThatDoesNotStartIsLate) {
  WorkerSigns signs(1000 * kMs);
  EXPECT_FALSE(signs.Judge(kCreating, 0, 1099 * kMs, kBoth));
  EXPECT_FALSE(signs.started());
  EXPECT_EQ(signs.Judge(kCreating, 0, 1100 * kMs, kBoth),
            "it did not start within 100ms (--start_timeout)");
}

TEST(WorkerSignsTest, WorkerThatHasStartedIsNotLateWhateverItSaysLater) {
  WorkerSigns signs(0);
  EXPECT_FALSE(signs.Judge(kServing, 0, 99 * kMs, kBoth));
  EXPECT_TRUE(signs.started());
  EXPECT_FALSE(signs.Judge(kNone, 0, 10'000 * kMs, kBoth));
}

TEST(WorkerSignsTest, NoLimitNoDelay) {
  const WatchdogLimits none = {.start_timeout = absl::ZeroDuration()};
  WorkerSigns signs(0);
  EXPECT_FALSE(signs.Judge(kCreating, 1, 1'000'000 * kMs, none));
  EXPECT_FALSE(signs.Judge(kCreating, 1, 2'000'000 * kMs, none));
  EXPECT_TRUE(signs.started());
}

TEST(WorkerSignsTest, SilenceCountsFromTheFirstHeartbeatOn) {
  WorkerSigns signs(0);
  EXPECT_FALSE(signs.Judge(kServing, 0, 1000 * kMs, kBoth));
  EXPECT_FALSE(signs.Judge(kServing, 7, 2000 * kMs, kBoth));
  EXPECT_FALSE(signs.Judge(kServing, 7, 2049 * kMs, kBoth));
  EXPECT_EQ(signs.Judge(kServing, 7, 2050 * kMs, kBoth),
            "no heartbeat for 50ms (--heartbeat_timeout)");
}

// What counts is that it changes: the number may be none of a clock.
TEST(WorkerSignsTest, AnyChangeIsAHeartbeat) {
  WorkerSigns signs(0);
  const uint64_t kBeats[] = {9, UINT64_MAX, 1, 2};
  int64_t now_ns = 0;
  for (const uint64_t beat : kBeats) {
    now_ns += 40 * kMs;
    EXPECT_FALSE(signs.Judge(kServing, beat, now_ns, kBoth)) << beat;
  }
}

// The primary itself may have been stopped.
TEST(WorkerSignsTest, LateLookFindsTheNewHeartbeatFirst) {
  WorkerSigns signs(0);
  EXPECT_FALSE(signs.Judge(kServing, 1, 10 * kMs, kBoth));
  EXPECT_FALSE(signs.Judge(kServing, 2, 90'000 * kMs, kBoth));
}

}  // namespace
}  // namespace cluster
