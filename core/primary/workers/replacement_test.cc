#include "core/primary/workers/replacement.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "absl/time/time.h"
#include "plugins/host/exit_code.h"

namespace cluster {
namespace {

using Verdict = Replacement::Verdict;

const absl::Time kNow = absl::FromUnixSeconds(1'000);
constexpr Replacement::Ending kCrash = {.exit = {.code = 0, .signal = SIGSEGV},
                                        .life = absl::Hours(1)};

Replacement Twice() {
  return Replacement({.restarts = 2, .period = absl::Seconds(10)});
}

TEST(ReplacementTest, DeathsAreReplacedAsOftenAsAllowed) {
  Replacement replacement = Twice();
  EXPECT_EQ(replacement.Judge(kCrash, kNow), Verdict::kReplace);
  EXPECT_EQ(replacement.Judge(kCrash, kNow), Verdict::kReplace);
  EXPECT_EQ(replacement.Judge(kCrash, kNow), Verdict::kTooOften);
  EXPECT_EQ(replacement.Judge(kCrash, kNow + absl::Seconds(10)),
            Verdict::kReplace);
}

TEST(ReplacementTest, PlannedEndsDoNotCount) {
  Replacement replacement = Twice();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(
        replacement.Judge({.planned = true, .life = absl::Hours(1)}, kNow),
        Verdict::kReplace);
  }
}

TEST(ReplacementTest, PlannedEndsOfShortLivesCount) {
  Replacement replacement = Twice();
  const Replacement::Ending ending = {.planned = true,
                                      .life = absl::Milliseconds(999)};
  EXPECT_EQ(replacement.Judge(ending, kNow), Verdict::kReplace);
  EXPECT_EQ(replacement.Judge(ending, kNow), Verdict::kReplace);
  EXPECT_EQ(replacement.Judge(ending, kNow), Verdict::kTooOften);
}

// Or an operator who replaces many workers that are new ends the host.
TEST(ReplacementTest, EndsOfShortLivesThatWereWantedDoNotCount) {
  Replacement replacement = Twice();
  Replacement::Ending ending = {
      .planned = true, .wanted = true, .life = absl::Milliseconds(1)};
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(replacement.Judge(ending, kNow), Verdict::kReplace);
  }
  // It crashed before it could end as wanted.
  ending.planned = false;
  EXPECT_EQ(replacement.Judge(ending, kNow), Verdict::kReplace);
  EXPECT_EQ(replacement.Judge(ending, kNow), Verdict::kReplace);
  EXPECT_EQ(replacement.Judge(ending, kNow), Verdict::kTooOften);
}

TEST(ReplacementTest, RefusalForGoodIsHopelessAndCountsNothing) {
  Replacement replacement = Twice();
  const Replacement::Ending refusal = {
      .exit = {.code = kWorkerExitPluginRefused}, .life = absl::Hours(1)};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(replacement.Judge(refusal, kNow), Verdict::kHopeless);
  }
  EXPECT_EQ(replacement.Judge(kCrash, kNow), Verdict::kReplace);
}

}  // namespace
}  // namespace cluster
