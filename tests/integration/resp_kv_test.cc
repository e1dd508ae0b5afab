// resp_kv as its users run it: several workers, real connections, and what is
// left of the keys when a worker dies.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/resp_checker.h"
#include "tests/integration/resp_client.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

constexpr size_t kWorkers = 8;
constexpr size_t kClients = kWorkers;
constexpr size_t kCounters = 40;
constexpr size_t kOperations = Scaled(100'000);

// The clients of one run, one on each worker.
class Load {
 public:
  explicit Load(uint16_t port) : counters_(kCounters) {
    RespClient client(port);
    for (size_t n = 0; n < kCounters; ++n) {
      EXPECT_EQ(client.Ask({"SET", SharedCounters::NameOf(n), "0"}).text, "OK");
    }
    for (size_t i = 0; i < kClients; ++i) {
      clients_.push_back(std::make_unique<RespChecker>(port, i, counters_));
    }
  }

  void Start() {
    for (const auto& client : clients_) {
      threads_.emplace_back(
          [&] { client->Run(kOperations / kClients, progress_); });
    }
  }

  void Finish() {
    for (std::thread& thread : threads_) thread.join();
    for (const auto& client : clients_) {
      for (const std::string& wrong : client->wrong()) ADD_FAILURE() << wrong;
    }
  }

  // How many clients each worker had at first.
  std::map<uint32_t, size_t> Spread() const {
    std::map<uint32_t, size_t> spread;
    for (const auto& client : clients_) ++spread[client->worker_id()];
    return spread;
  }

  size_t Sum(size_t (RespChecker::*what)() const) const {
    size_t sum = 0;
    for (const auto& client : clients_) sum += (*client.*what)();
    return sum;
  }

  SharedCounters& counters() { return counters_; }
  size_t progress() const { return progress_; }

 private:
  SharedCounters counters_;
  std::vector<std::unique_ptr<RespChecker>> clients_;
  std::vector<std::thread> threads_;
  std::atomic<size_t> progress_ = 0;
};

std::vector<std::string> Arguments(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"resp_kv", "--workers=8"};
  // Under a sanitizer, and with others on the machine, a second is not much.
  arguments.push_back("--set=request_timeout=30s");
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(RespKvTest, EveryCountIsExact) {
  HostProcess host(Arguments());
  ASSERT_TRUE(host.AwaitServing(kWorkers));
  Load load(host.port());
  EXPECT_EQ(load.Spread().size(), kWorkers) << "each on another";
  load.Start();
  load.Finish();
  EXPECT_EQ(load.Sum(&RespChecker::answered), kOperations);
  EXPECT_EQ(load.Sum(&RespChecker::errors), 0u);
  RespClient client(host.port());
  for (size_t n = 0; n < kCounters; ++n) {
    const RespReply total = client.Ask({"GET", SharedCounters::NameOf(n)});
    EXPECT_EQ(total.text, std::to_string(load.counters().acknowledged(n)));
    EXPECT_EQ(load.counters().Floor(n), load.counters().acknowledged(n));
  }
  host.EndCleanly();
}

// Returns the counters that live on the worker of `slot`, which is lost.
std::vector<size_t> LostCounters(RespClient& client) {
  std::vector<size_t> lost;
  for (size_t n = 0; n < kCounters; ++n) {
    const RespReply reply = client.Ask({"GET", SharedCounters::NameOf(n)});
    if (reply.error()) {
      EXPECT_EQ(reply.text.substr(0, 5), "LOST ") << reply.text;
      lost.push_back(n);
    }
  }
  return lost;
}

TEST(RespKvTest, KilledWorkerLeavesErrorsAndNoWrongValue) {
  HostProcess host(Arguments());
  ASSERT_TRUE(host.AwaitServing(kWorkers));
  Load load(host.port());
  load.Start();
  EXPECT_TRUE(AwaitTrue([&] { return load.progress() > kOperations / 3; }));
  kill(host.Workers().at(2), SIGKILL);
  EXPECT_TRUE(host.AwaitEvent("listening", kWorkers + 1));
  const size_t at_recovery = load.progress();
  EXPECT_LT(at_recovery, kOperations) << "the kill came too late";
  load.Finish();
  EXPECT_EQ(load.progress(), kOperations);
  EXPECT_GT(load.Sum(&RespChecker::errors), 0u);
  EXPECT_EQ(load.Sum(&RespChecker::reconnects), 1u) << "its client's";
  // Its counters are lost, all of them; the others are exact, but for what its
  // clients had under way.
  RespClient client(host.port());
  const std::vector<size_t> lost = LostCounters(client);
  EXPECT_GE(lost.size(), 1u);
  EXPECT_LE(lost.size(), kCounters / 2);
  for (size_t n = 0; n < kCounters; ++n) {
    const RespReply reply = client.Ask({"GET", SharedCounters::NameOf(n)});
    if (reply.error()) continue;
    const int64_t acknowledged = load.counters().acknowledged(n);
    EXPECT_GE(reply.number(), acknowledged);
    EXPECT_LE(reply.number(), acknowledged + load.counters().unknown(n));
    EXPECT_GE(reply.number(), load.counters().Floor(n));
  }
  // Until they are written anew, nothing makes them known.
  for (const size_t n : lost) {
    const std::string key = SharedCounters::NameOf(n);
    EXPECT_TRUE(client.Ask({"INCR", key}).error());
    EXPECT_TRUE(client.Ask({"DEL", key}).error());
    EXPECT_TRUE(client.Ask({"SET", key, "1", "NX"}).error());
    EXPECT_EQ(client.Ask({"SET", key, "70"}).text, "OK");
    EXPECT_EQ(client.Ask({"INCR", key}).text, "71");
  }
  EXPECT_TRUE(client.Ask({"DBSIZE"}).error());
  EXPECT_EQ(client.Ask({"FLUSHALL"}).text, "OK");
  EXPECT_EQ(client.Ask({"DBSIZE"}).text, "0");
  EXPECT_EQ(client.Ask({"GET", SharedCounters::NameOf(lost[0])}).kind, '_');
  host.EndCleanly();
}

// The same for one that ends in a planned way: nobody has its keys either.
TEST(RespKvTest, DrainedWorkerLosesItsKeys) {
  HostProcess host(Arguments());
  ASSERT_TRUE(host.AwaitServing(kWorkers));
  Load load(host.port());
  load.Start();
  EXPECT_TRUE(AwaitTrue([&] { return load.progress() > kOperations / 3; }));
  kill(host.Workers().at(3), SIGTERM);
  EXPECT_TRUE(host.AwaitEvent("listening", kWorkers + 1));
  load.Finish();
  RespClient client(host.port());
  EXPECT_GE(LostCounters(client).size(), 1u);
  EXPECT_EQ(client.Ask({"FLUSHALL"}).text, "OK");
  EXPECT_EQ(LostCounters(client).size(), 0u);
  host.EndCleanly();
}

TEST(RespKvTest, StoppedWorkerIsAnErrorAndNothingIsDoneLate) {
  HostProcess host({"resp_kv", "--workers=2", "--set=request_timeout=300ms"});
  ASSERT_TRUE(host.AwaitServing(2));
  RespClient client(host.port());
  const int other = client.Info("worker_id") == "1" ? 2 : 1;
  // A key of the other worker: its number of commands grows, ours does not.
  std::string key;
  for (int i = 0; key.empty() && i < 100; ++i) {
    const std::string tried = "key" + std::to_string(i);
    const std::string before = client.Info("forwarded_commands");
    ASSERT_EQ(client.Ask({"SET", tried, "0"}).text, "OK");
    // INFO itself is forwarded once.
    const int64_t grown =
        std::stoll(client.Info("forwarded_commands")) - std::stoll(before);
    if (grown == 2) key = tried;
  }
  ASSERT_NE(key, "");
  const pid_t owner = host.Workers().at(other);
  kill(owner, SIGSTOP);
  ASSERT_TRUE(AwaitTrue([&] { return IsStopped(owner); }));
  const RespReply reply = client.Ask({"INCR", key});
  EXPECT_TRUE(reply.error());
  EXPECT_EQ(reply.text.substr(0, 8), "TIMEOUT ") << reply.text;
  kill(owner, SIGCONT);
  RespReply after;
  EXPECT_TRUE(AwaitTrue([&] {
    after = client.Ask({"GET", key});
    return !after.error();
  }));
  EXPECT_EQ(after.text, "0") << "the INCR had failed";
  host.EndCleanly();
}

// Runs a program of redis-tools; its exit code and what it printed.
std::pair<int, std::string> RunTool(const std::string& command) {
  std::string output;
  FILE* const pipe = popen(("timeout 60 " + command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, ""};
  char bytes[4096];
  size_t n = 0;
  while ((n = fread(bytes, 1, sizeof(bytes), pipe)) > 0) {
    output.append(bytes, n);
  }
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

bool HasTool(const std::string& name) {
  return RunTool(name + " --version").first == 0;
}

TEST(RespKvTest, ServesRedisCli) {
  if (!HasTool("redis-cli")) GTEST_SKIP() << "redis-tools is not installed";
  HostProcess host(Arguments());
  ASSERT_TRUE(host.AwaitServing(kWorkers));
  const std::string cli = "redis-cli -p " + std::to_string(host.port()) + " ";
  EXPECT_EQ(RunTool(cli + "PING").second, "PONG\n");
  EXPECT_EQ(RunTool(cli + "MSET a 1 b 2 c 3").second, "OK\n");
  EXPECT_EQ(RunTool(cli + "MGET a b c none").second, "1\n2\n3\n\n");
  EXPECT_EQ(RunTool(cli + "INCR a").second, "2\n");
  EXPECT_EQ(RunTool(cli + "EXPIRE a 100").second, "1\n");
  EXPECT_EQ(RunTool(cli + "-n 0 TTL a").second, "100\n");
  EXPECT_EQ(RunTool(cli + "DEL a b none").second, "2\n");
  EXPECT_NE(RunTool(cli + "INFO").second.find("workers:8"), std::string::npos);
  EXPECT_NE(RunTool(cli + "LPUSH a 1").second.find("ERR unknown command"),
            std::string::npos);
  // Mass insertion, as the tool's --pipe does it.
  const std::string pipe =
      "sh -c \"seq 10000 | sed 's/.*/SET key:& &/' | " + cli + "--pipe\"";
  EXPECT_NE(RunTool(pipe).second.find("errors: 0, replies: 10000"),
            std::string::npos);
  EXPECT_EQ(RunTool(cli + "DBSIZE").second, "10001\n");
  EXPECT_EQ(RunTool(cli + "GET key:7777").second, "7777\n");
  host.EndCleanly();
}

TEST(RespKvTest, ServesRedisBenchmark) {
  if (!HasTool("redis-benchmark")) {
    GTEST_SKIP() << "redis-tools is not installed";
  }
  HostProcess host(Arguments());
  ASSERT_TRUE(host.AwaitServing(kWorkers));
  const size_t requests = Scaled(20'000);
  const auto [code, output] =
      RunTool("redis-benchmark -p " + std::to_string(host.port()) + " -n " +
              std::to_string(requests) +
              " -c 16 -P 8 -e -t ping,set,get,incr,mset --csv");
  EXPECT_EQ(code, 0) << output;
  EXPECT_EQ(output.find("Error"), std::string::npos) << output;
  for (const char* name :
       {"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"}) {
    EXPECT_NE(output.find("\"" + std::string(name) + "\""), std::string::npos)
        << output;
  }
  // It counts on this one key.
  RespClient client(host.port());
  EXPECT_EQ(client.Ask({"GET", "counter:__rand_int__"}).text,
            std::to_string(requests));
  host.EndCleanly();
}

TEST(RespKvTest, WrongSettingEndsTheHost) {
  HostProcess host(Arguments({"--set=max_memory=lots"}));
  EXPECT_EQ(host.AwaitExit(), 5);
  EXPECT_NE(host.ErrorOutput().find("is not a number of bytes such as 512mb"),
            std::string::npos);
}

}  // namespace
}  // namespace cluster
