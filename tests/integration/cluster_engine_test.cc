// A Cluster whose engine is set up by hand, as the host's is: workers that the
// engine forks and replaces are the cluster's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/cluster.h"
#include "core/primary/primary.h"
#include "core/primary/primary_options.h"
#include "core/primary/workers/replacement.h"
#include "ipc/address.h"
#include "ipc/listener.h"

namespace cluster {
namespace {

// A worker of an engine that serves one port with a plugin.
class ClusterEngineTest : public ::testing::Test {
 protected:
  ClusterEngineTest()
      : plugin_(std::filesystem::absolute("plugins/echo/echo.so")),
        file_(open(plugin_.c_str(), O_RDONLY | O_CLOEXEC)) {}

  PrimaryOptions TwoWorkers() const {
    PrimaryOptions options;
    options.sockets.push_back(
        *OpenListener(*ParseListenAddress("127.0.0.1:0"), {}));
    options.kill_at_end = true;
    ReplacementOptions& replacement = options.replacement.emplace();
    replacement.workers = 2;
    replacement.program.plugin_path = plugin_;
    replacement.program.plugin_file = file_.get();
    return options;
  }

  // Keeps what happens as text, such as "exit 1".
  void LogEvents() {
    const auto log = [this](const char* event, const Worker& worker) {
      log_.push_back(absl::StrCat(event, " ", worker.id()));
    };
    cluster_.on(events::fork, [=](Worker& w) { log("fork", w); });
    cluster_.on(events::online, [=](Worker& w) { log("online", w); });
    cluster_.on(events::disconnect, [=](Worker& w) { log("disconnect", w); });
    cluster_.on(events::exit, [=](Worker& w, int, int) { log("exit", w); });
  }
  std::vector<std::string> LogOf(uint32_t id) const {
    std::vector<std::string> lines;
    const std::string end = absl::StrCat(" ", id);
    for (const std::string& line : log_) {
      if (line.substr(line.size() - end.size()) == end) lines.push_back(line);
    }
    return lines;
  }

  const std::string plugin_;
  const UniqueFd file_;
  std::vector<std::string> log_;
  Cluster cluster_{0, nullptr};
};

TEST_F(ClusterEngineTest, ReplacedWorkersAreWorkersOfTheCluster) {
  LogEvents();
  ASSERT_GE(file_.get(), 0) << plugin_;
  std::optional<int> signal_of_first;
  cluster_.on(events::exit, [&](Worker& worker, int, int signal) {
    if (worker.id() == 1) signal_of_first = signal;
  });
  // The first is killed once all listen, and the third takes its place.
  int listening = 0;
  cluster_.on(events::listening, [&](Worker& worker, const Address& address) {
    EXPECT_GT(address.port, 0);
    EXPECT_EQ(cluster_.workers().at(worker.id()).get(), &worker);
    if (++listening == 2) cluster_.workers().at(1)->kill(SIGKILL);
    if (worker.id() == 3) cluster_.engine().Drain();
  });
  ASSERT_TRUE(cluster_.start(TwoWorkers()).ok());
  EXPECT_EQ(cluster_.workers().size(), 2u);
  EXPECT_EQ(cluster_.run(), 0);
  EXPECT_EQ(cluster_.engine().end().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(signal_of_first, SIGKILL);
  EXPECT_TRUE(cluster_.workers().empty());
  for (const uint32_t id : {1u, 2u, 3u}) {
    const std::string number = absl::StrCat(" ", id);
    EXPECT_EQ(LogOf(id),
              (std::vector<std::string>{"fork" + number,
                                        "online" + number,
                                        "disconnect" + number,
                                        "exit" + number}));
  }
}

TEST_F(ClusterEngineTest, WorkersOfForkAreBesideThem) {
  int listening = 0;
  std::shared_ptr<Worker> forked;
  cluster_.on(events::listening, [&](Worker&, const Address&) {
    if (++listening == 2)
      forked = cluster_.fork({.settings = {.plugin = plugin_}});
    if (listening == 3) cluster_.engine().Drain();
  });
  ASSERT_TRUE(cluster_.start(TwoWorkers()).ok());
  EXPECT_EQ(cluster_.run(), 0);
  ASSERT_NE(forked, nullptr);
  EXPECT_EQ(forked->id(), 3u);
  EXPECT_EQ(forked->process().exit_code(), 0);
}

TEST_F(ClusterEngineTest, ThereIsOneEngine) {
  ASSERT_TRUE(cluster_.setup_primary().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(cluster_.start(TwoWorkers())));
}

TEST_F(ClusterEngineTest, BadOptionsAreRefused) {
  PrimaryOptions options = TwoWorkers();
  options.listeners.policy = "best";
  EXPECT_TRUE(absl::IsInvalidArgument(cluster_.start(std::move(options))));
  EXPECT_TRUE(cluster_.workers().empty());
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  cluster::run_if_plugin_worker();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
