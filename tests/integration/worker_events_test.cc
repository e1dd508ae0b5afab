// What the log says of each worker's life, and what a worker is made of.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/cpu_count.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

constexpr const char* kEvents[] = {
    "fork", "online", "listening", "disconnect", "exit", "error"};

// Returns the names of a worker's events, in order.
std::vector<std::string> EventsOf(HostProcess& host, uint32_t worker_id) {
  std::vector<std::string> names;
  for (const LogLine& line : host.LogOf(worker_id)) {
    for (const char* name : kEvents) {
      if (line.IsEvent(name)) names.emplace_back(name);
    }
  }
  return names;
}

const std::vector<std::string> kWholeLife = {
    "fork", "online", "listening", "disconnect", "exit"};

TEST(WorkerEventsTest, ComeInOrderForWorkerThatIsDrained) {
  HostProcess host({TestPlugin("puppet"), "--workers=4"});
  ASSERT_TRUE(host.AwaitServing(4));
  host.EndCleanly();
  for (uint32_t id = 1; id <= 4; ++id) {
    EXPECT_EQ(EventsOf(host, id), kWholeLife) << "worker " << id;
  }
}

TEST(WorkerEventsTest, ComeInOrderForWorkerThatIsKilled) {
  HostProcess host({TestPlugin("puppet"), "--workers=2", "--restarts=100"});
  ASSERT_TRUE(host.AwaitServing(2));
  const size_t kills = Scaled(50);
  for (size_t i = 0; i < kills; ++i) {
    kill(host.Workers().begin()->second, SIGKILL);
    ASSERT_TRUE(host.AwaitEvent("listening", 3 + i));
  }
  host.EndCleanly();
  for (uint32_t id = 1; id <= 2 + kills; ++id) {
    EXPECT_EQ(EventsOf(host, id), kWholeLife) << "worker " << id;
  }
}

TEST(WorkerEventsTest, ComeInOrderForWorkerThatExits) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  for (const char* command : {"exit 0\n", "exit 7\n", "abort\n"}) {
    const size_t listening = host.CountEvents("listening");
    Client client(ConnectTo(host.port()));
    client.Send(command);
    EXPECT_EQ(client.ReadToEnd(), "");
    ASSERT_TRUE(host.AwaitEvent("listening", listening + 1));
  }
  host.EndCleanly();
  for (uint32_t id = 1; id <= 5; ++id) {
    EXPECT_EQ(EventsOf(host, id), kWholeLife) << "worker " << id;
  }
}

TEST(WorkerEventsTest, EndOfWorkerThatDiedBeforeItServedIsToldOnce) {
  HostProcess host({TestPlugin("puppet"), "--workers=1", "--set=start=exit"});
  ASSERT_TRUE(host.AwaitExit().has_value());
  for (uint32_t id = 1; id <= 6; ++id) {
    EXPECT_EQ(
        EventsOf(host, id),
        (std::vector<std::string>{"fork", "online", "disconnect", "exit"}))
        << "worker " << id;
  }
}

TEST(WorkerEventsTest, ExitSaysHowItEnded) {
  HostProcess host({TestPlugin("puppet"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  kill(host.Workers().at(1), SIGKILL);
  ASSERT_TRUE(host.AwaitEvent("listening", 2));
  EXPECT_EQ(host.LogOf(1).back().message,
            "exit: killed by signal 9 (SIGKILL) while puppet.so served");
  EXPECT_EQ(host.LogOf(1).back().level, "warning");
  host.EndCleanly();
}

// What quotas allow, cpu_count_test shows.
TEST(WorkerProcessTest, IsOneForEachCpuThatTheHostMayUse) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  cpu_set_t first;
  CPU_ZERO(&first);
  for (int cpu = 0; CPU_COUNT(&first) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &first);
  }
  for (const cpu_set_t& mask : {first, all}) {
    ASSERT_EQ(sched_setaffinity(0, sizeof(mask), &mask), 0);
    const auto workers = static_cast<uint32_t>(AvailableCpus());
    HostProcess host({TestPlugin("puppet")});
    ASSERT_TRUE(host.AwaitServing(workers));
    host.EndCleanly();
    EXPECT_EQ(host.CountEvents("fork"), workers);
  }
}

TEST(WorkerProcessTest, HasOneThread) {
  if (kThreadSanitizer) GTEST_SKIP() << "the sanitizer has one of its own";
  HostProcess host({"hello_http", "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  const ClientSet clients =
      RunLoad({.port = host.port(),
               .request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
               .mark = "\n"},
              200,
              10);
  EXPECT_EQ(clients.count(End::kAnswered), 200u);
  for (const auto& [id, pid] : host.Workers()) {
    EXPECT_EQ(StatusField(pid, "Threads"), "1");
  }
  EXPECT_EQ(StatusField(host.pid(), "Threads"), "1");
  host.EndCleanly();
}

TEST(WorkerProcessTest, IsNamedAfterItsNumberAndPlugin) {
  HostProcess host({"echo", "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  EXPECT_EQ(StatusField(host.Workers().at(1), "Name"), "cluster:w1");
  host.EndCleanly();
}

}  // namespace
}  // namespace cluster
