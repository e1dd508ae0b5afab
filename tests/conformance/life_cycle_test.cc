// Random lives of clusters, and that nothing is left of any.
//
//   bazel test //tests/conformance:life_cycle_test
//     --test_arg=--seed=17 --test_arg=--count=1    only that one, again
//     --test_arg=--count=100000                    a hundred times as many
#include "tests/conformance/life_cycle.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster.h"
#include "ipc/open_fds.h"
#include "tests/conformance/life_cycle_worker.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

uint64_t first_seed = 1;
uint64_t count = kSanitized ? 200 : 1'000;

// Mappings of shared memory that this process has.
int SharedMappings() {
  std::ifstream maps("/proc/self/maps");
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    found += line.find("memfd:") != std::string::npos ||
             line.find("/dev/shm/") != std::string::npos;
  }
  return found;
}

// Whether the workers left a process behind. A sanitizer looks for leaks from
// one of its own, which ends a little later than a worker that was killed.
bool ProcessesAreLeft() {
  if (waitpid(-1, nullptr, WNOHANG) == -1) return errno != ECHILD;
  while (kSanitized && waitpid(-1, nullptr, 0) != -1) {
  }
  return !kSanitized;
}

TEST(LifeCycleTest, EachEventOnceAndNothingIsLeft) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  char folder[] = "/tmp/life.XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  {
    LifeCycle(0, folder).Run();
  }  // opens what stays open
  const size_t fds = OpenFds();
  const int mappings = SharedMappings();
  uint64_t lived = 0;
  for (; lived < count && !HasFailure(); ++lived) {
    const uint64_t seed = first_seed + lived;
    std::vector<std::string> history;
    {
      LifeCycle life_cycle(seed, folder);
      EXPECT_EQ(life_cycle.Run(), std::vector<std::string>());
      history = life_cycle.history();
    }
    EXPECT_EQ(OpenFds(), fds);
    EXPECT_EQ(SharedMappings(), mappings);
    EXPECT_FALSE(ProcessesAreLeft());
    EXPECT_TRUE(std::filesystem::is_empty(folder)) << "socket files";
    if (!HasFailure()) continue;
    std::printf("again: --test_arg=--seed=%llu --test_arg=--count=1\n",
                static_cast<unsigned long long>(seed));
    for (const std::string& line : history) std::printf("%s\n", line.c_str());
  }
  EXPECT_EQ(lived, count);
  std::filesystem::remove_all(folder);
}

void Read(std::string_view argument) {
  const auto number = [&](std::string_view name, uint64_t& value) {
    if (argument.starts_with(name)) {
      value = std::strtoull(argument.data() + name.size(), nullptr, 10);
    }
  };
  number("--seed=", first_seed);
  number("--count=", count);
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  {
    cluster::Cluster role(argc, argv);
    if (role.is_worker()) {
      return cluster::LifeCycleWorker(
          role, std::strtoull(argv[2], nullptr, 10), argv[3]);
    }
  }
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) cluster::Read(argv[i]);
  return RUN_ALL_TESTS();
}
