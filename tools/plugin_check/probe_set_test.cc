// Probes that count themselves, or wait for one another: this program is its
// own probe.
#include "tools/plugin_check/probe_set.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/plugin_check/probe/probe_request.h"
#include "tools/plugin_check/probe/reporter.h"
#include "tools/plugin_check/probe_process.h"

namespace cluster {
namespace {

constexpr std::chrono::seconds kTimeout{60};

int RunAsProbe(const ProbeRequest& request) {
  const char* const path = request.arguments.front().c_str();
  if (request.scenario == "count") {
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1) return 1;
  } else {
    // Each end of a FIFO waits in open() for the other.
    if (open(path, request.scenario == "give" ? O_WRONLY : O_RDONLY) < 0) {
      return 1;
    }
  }
  Reporter::Get().Done();
  return 0;
}

ProbeRequest Request(const std::string& scenario, const std::string& path) {
  ProbeRequest request;
  request.scenario = scenario;
  request.arguments = {path};
  return request;
}

std::string PathOf(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

TEST(ProbeSetTest, PlaysEqualRequestsOnce) {
  const std::string path = PathOf("count");
  ProbeSet probes(kTimeout);
  for (int i = 0; i < 3; ++i) probes.Begin(Request("count", path));
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<ProbeOutcome> outcome =
        probes.Await(Request("count", path));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_FALSE(outcome->died);
  }
  EXPECT_EQ(std::filesystem::file_size(path), 1u);
}

TEST(ProbeSetTest, PlaysTheOthersToo) {
  const std::string one = PathOf("one"), other = PathOf("other");
  ProbeSet probes(kTimeout);
  ASSERT_TRUE(probes.Await(Request("count", one)).ok());
  ASSERT_TRUE(probes.Await(Request("count", other)).ok());
  EXPECT_EQ(std::filesystem::file_size(one), 1u);
  EXPECT_EQ(std::filesystem::file_size(other), 1u);
}

TEST(ProbeSetTest, PlaysSeveralAtATime) {
  const std::string path = PathOf("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  ProbeSet probes(kTimeout);
  probes.Begin(Request("give", path));
  probes.Begin(Request("take", path));
  for (const char* const scenario : {"give", "take"}) {
    const absl::StatusOr<ProbeOutcome> outcome =
        probes.Await(Request(scenario, path));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_FALSE(outcome->died) << scenario << " waited in vain";
  }
}

TEST(ProbeSetTest, DropsWhatHasNotBegunAtTheEnd) {
  const std::string path = PathOf("never");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  {
    ProbeSet probes(std::chrono::milliseconds(500));
    // Each in vain until the timeout, and they are too many for one.
    for (int i = 0; i < 40; ++i) {
      ProbeRequest request = Request("take", path);
      request.failing_call = i;  // to be another
      probes.Begin(request);
    }
    probes.Begin(Request("count", PathOf("dropped")));
  }
  EXPECT_FALSE(std::filesystem::exists(PathOf("dropped")));
}

int Main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == kProbeRole) {
    const std::optional<ProbeRequest> request =
        FromArguments({words.begin() + 1, words.end()});
    return request ? RunAsProbe(*request) : 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) { return cluster::Main(argc, argv); }
