#include "plugins/host/exit_code.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(ExitCodeTest, HundredOfStatusDecidesWhetherToRetry) {
  EXPECT_EQ(ExitCodeOf(CLUSTER_OK), 0);
  for (const cluster_status later : {CLUSTER_E_FULL, CLUSTER_E_SYSTEM, 99}) {
    EXPECT_EQ(ExitCodeOf(later), kWorkerExitPluginNotReady);
  }
  for (const cluster_status never : {CLUSTER_E_CONFIG,
                                     CLUSTER_E_UNSUPPORTED,
                                     CLUSTER_E_FAILED,
                                     CLUSTER_E_INVALID,
                                     CLUSTER_STOPPED,
                                     -1}) {
    EXPECT_EQ(ExitCodeOf(never), kWorkerExitPluginRefused);
  }
}

TEST(ExitCodeTest, SameFileAndSettingsEndTheSameWay) {
  EXPECT_FALSE(retry_can_help(kWorkerExitPluginIncompatible));
  EXPECT_FALSE(retry_can_help(kWorkerExitPluginRefused));
  for (const int code :
       {0, 1, kWorkerExitPluginNotReady, kWorkerExitPluginLoopEnded}) {
    EXPECT_TRUE(retry_can_help(code)) << code;
  }
}

}  // namespace
}  // namespace cluster
