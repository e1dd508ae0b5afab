// What plugins tell of themselves, and what follows: metrics in a file, workers
// that are not ready, workers that have stopped to send heartbeats.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

// Returns the id of the worker that obeyed, 0 if none did.
uint32_t Tell(Client& client, char command) {
  client.Send(std::string(1, command));
  std::string id;
  for (std::string byte; (byte = client.Read(1)) != "\n"; id += byte) {
    if (byte.empty()) return 0;
  }
  return static_cast<uint32_t>(std::stoul(id));
}

bool HasLine(const std::vector<LogLine>& log, absl::string_view text) {
  return std::any_of(log.begin(), log.end(), [&](const LogLine& line) {
    return absl::StrContains(line.message, text);
  });
}

class MetricsTest : public ::testing::Test {
 protected:
  std::string Contents() const {
    std::ifstream file(path_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  bool Shows(const std::string& line) const {
    return absl::StrContains(Contents(), absl::StrCat("\n", line, "\n"));
  }
  // Waits for a line in the file.
  void Await(const std::string& line) const {
    EXPECT_TRUE(AwaitTrue([&] { return Shows(line); }))
        << line << " is not in\n"
        << Contents();
  }

  const std::string path_ = testing::TempDir() + "/host.prom";
  HostProcess host_{{TestPlugin("vital"),
                     "--workers=2",
                     "--metrics_file=" + path_,
                     "--metrics_interval=20ms"}};
};

TEST_F(MetricsTest, SumsHoldOverWorkersAndTheirDeaths) {
  ASSERT_TRUE(host_.AwaitServing(2));
  std::map<uint32_t, int> obeyed;
  for (int i = 0; i < 8; ++i) {
    Client client(ConnectTo(host_.port()));
    ++obeyed[Tell(client, 'c')];
  }
  EXPECT_EQ(obeyed.size(), 2u) << "both have counted";
  Await("vital_pokes_total 8");
  Await("vital_ones 2");
  Await("cluster_workers_serving 2");

  kill(host_.Workers().begin()->second, SIGKILL);
  ASSERT_TRUE(host_.AwaitEvent("listening", 3));
  Await("cluster_worker_restarts_total 1");
  Await("vital_pokes_total 8");
  Await("vital_ones 2");
  Client client(ConnectTo(host_.port()));
  ASSERT_NE(Tell(client, 'c'), 0u);
  Await("vital_pokes_total 9");
  Await("vital_sizes_bucket{le=\"1\"} 0");
  Await("vital_sizes_bucket{le=\"10\"} 9");
  Await("vital_sizes_sum 27");
  Await("vital_sizes_count 9");

  host_.EndCleanly();
  EXPECT_TRUE(Shows("cluster_connections_accepted_total 9")) << Contents();
  EXPECT_TRUE(Shows("cluster_connections_ended_total{state=\"completed\"} 9"));
  EXPECT_TRUE(Shows("cluster_connections_imbalance 0"));
  EXPECT_TRUE(Shows("cluster_worker_exits_total{planned=\"true\"} 2"));
  EXPECT_TRUE(Shows("cluster_worker_exits_total{planned=\"false\"} 1"));
}

TEST_F(MetricsTest, RequestsGoWithTheirConnection) {
  ASSERT_TRUE(host_.AwaitServing(2));
  {
    Client client(ConnectTo(host_.port()));
    ASSERT_NE(Tell(client, 'q'), 0u);
    ASSERT_NE(Tell(client, 'q'), 0u);
    Await("cluster_requests 2");
    Await("cluster_bytes_received_total 20");
  }
  Await("cluster_requests 0");
  host_.EndCleanly();
  EXPECT_TRUE(Shows("cluster_bytes_received_total 20"));
}

TEST(TelemetryTest, FileThatCannotBeWrittenIsUsage) {
  HostProcess host({"echo", "--metrics_file=/nowhere/x.prom"});
  EXPECT_EQ(host.AwaitExit(), 2);
  EXPECT_TRUE(absl::StrContains(host.ErrorOutput(), "--metrics_file"))
      << host.ErrorOutput();
}

TEST(TelemetryTest, WorkerGetsNothingUntilItIsReady) {
  HostProcess host(
      {TestPlugin("vital"), "--workers=1", "--set=start=not_ready"});
  ASSERT_TRUE(host.AwaitServing(1));
  Client client(ConnectTo(host.port()));
  EXPECT_EQ(Tell(client, 'w'), 1u);
  const std::vector<LogLine> log = host.LogOf(1);
  EXPECT_TRUE(HasLine(log, "not ready: the cache is cold"));
  EXPECT_TRUE(std::any_of(log.begin(), log.end(), [](const LogLine& line) {
    return line.message == "ready";
  })) << "before it was served";
  host.EndCleanly();
}

class NotReadyTest : public ::testing::TestWithParam<const char*> {};

TEST_P(NotReadyTest, WorkerIsPassedByUntilItIsReadyAgain) {
  HostProcess host({TestPlugin("vital"), "--workers=2", GetParam()});
  ASSERT_TRUE(host.AwaitServing(2));
  Client client(ConnectTo(host.port()));
  const uint32_t tired = Tell(client, 'n');
  ASSERT_NE(tired, 0u);
  ASSERT_TRUE(host.AwaitLog([](const std::vector<LogLine>& log) {
    return HasLine(log, "not ready: asked to");
  }));
  for (int i = 0; i < 20; ++i) {
    Client other(ConnectTo(host.port()));
    EXPECT_EQ(Tell(other, 'w'), 3 - tired);
  }
  EXPECT_EQ(Tell(client, 'r'), tired) << "what it has, it serves";
  // Several at once: of one after the other, the kernel would wake the same
  // worker of a shared socket each time.
  EXPECT_TRUE(AwaitTrue([&] {
    std::vector<std::unique_ptr<Client>> burst;
    for (int i = 0; i < 8; ++i) {
      burst.push_back(std::make_unique<Client>(ConnectTo(host.port())));
    }
    return std::count_if(burst.begin(), burst.end(), [&](const auto& each) {
             return Tell(*each, 'w') == tired;
           }) > 0;
  }));
  client.SendEnd();
  host.EndCleanly();
}

INSTANTIATE_TEST_SUITE_P(TelemetryTest,
                         NotReadyTest,
                         ::testing::Values("--data_path=handoff",
                                           "--data_path=share"),
                         [](const auto& info) {
                           return std::string(info.param).substr(12);
                         });

TEST(TelemetryTest, WorkerWithoutHeartbeatIsReplaced) {
  HostProcess host(
      {TestPlugin("vital"), "--workers=2", "--heartbeat_timeout=1s"});
  ASSERT_TRUE(host.AwaitServing(2));
  Client client(ConnectTo(host.port()));
  const uint32_t worker = Tell(client, 'b');
  ASSERT_NE(worker, 0u);
  client.Send("z");
  ASSERT_TRUE(host.AwaitEvent("listening", 3));
  const std::vector<LogLine> log = host.LogOf(worker);
  EXPECT_TRUE(HasLine(log, "no heartbeat for 1s (--heartbeat_timeout)"))
      << host.ErrorOutput();
  EXPECT_EQ(host.CountEvents("exit"), 1u) << "the other never sent one";
  EXPECT_EQ(client.ReadToEnd(), "");
  EXPECT_EQ(host.EndCleanly().lost, 1u);
}

}  // namespace
}  // namespace cluster
