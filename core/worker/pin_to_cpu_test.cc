#include "core/worker/pin_to_cpu.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>

#include "core/base/errno_status.h"

namespace cluster {
namespace {

TEST(PinToCpuTest, RunsThereOnly) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  ASSERT_TRUE(PinToCpu(cpu).ok());
  cpu_set_t now;
  ASSERT_EQ(sched_getaffinity(0, sizeof(now), &now), 0);
  EXPECT_EQ(CPU_COUNT(&now), 1);
  EXPECT_TRUE(CPU_ISSET(cpu, &now));
  EXPECT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

TEST(PinToCpuTest, CpuThatThereIsNotIsAnError) {
  for (const int cpu : {-1, CPU_SETSIZE - 1, CPU_SETSIZE, 1 << 30}) {
    EXPECT_EQ(ErrnoOf(PinToCpu(cpu)), EINVAL) << cpu;
  }
}

}  // namespace
}  // namespace cluster
