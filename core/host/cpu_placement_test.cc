#include "core/host/cpu_placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PlaceOnCpusTest, EachWorkerHasItsCpu) {
  EXPECT_THAT(*PlaceOnCpus(3, {0, 1, 4}, 3), ElementsAre(0, 1, 4));
}

TEST(PlaceOnCpusTest, OtherNumberOfWorkersIsRefusedWithTheRightOne) {
  for (const uint32_t workers : {1u, 3u}) {
    const auto cpus = PlaceOnCpus(workers, {0, 1}, 2);
    EXPECT_THAT(std::string(cpus.status().message()),
                HasSubstr("use --workers=2"));
  }
}

TEST(PlaceOnCpusTest, CpuThatThisProcessMayNotUseIsRefused) {
  const auto cpus = PlaceOnCpus(1, {0}, 2);
  EXPECT_THAT(std::string(cpus.status().message()), HasSubstr("1 of its 2"));
}

TEST(CpusOfThisProcessTest, AreSomeOfThoseOnline) {
  EXPECT_GE(CpusOfThisProcess().size(), 1u);
  EXPECT_LE(CpusOfThisProcess().size(), OnlineCpus());
}

}  // namespace
}  // namespace cluster
