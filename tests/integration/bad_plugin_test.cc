// Plugins that a worker cannot run, or that do not behave: one line says which
// and why, and the host ends with the documented code or serves on.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/host/host_exit.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

std::string Bad(absl::string_view name) {
  return TestPlugin(absl::StrCat("bad/", name));
}

bool HoldsAll(absl::string_view text, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(), [&](const auto& word) {
    return absl::StrContains(text, word);
  });
}

// True if a line of the log holds all `words`.
bool Logged(HostProcess& host, const std::vector<std::string>& words) {
  const std::vector<LogLine> log = host.Log();
  return std::any_of(log.begin(), log.end(), [&](const LogLine& line) {
    return HoldsAll(line.message, words);
  });
}

// How many lines of the log hold `words`.
size_t Told(HostProcess& host, absl::string_view words) {
  const std::vector<LogLine> log = host.Log();
  return std::count_if(log.begin(), log.end(), [&](const LogLine& line) {
    return absl::StrContains(line.message, words);
  });
}

// Expects that the host complains of each of `deaths` by a warning, which is
// its exit, and of nothing else but by one error, which holds all `words`; and
// that the reason, the last of them, is told `told` times in the whole log.
void ExpectComplaints(HostProcess& host,
                      size_t deaths,
                      size_t told,
                      const std::vector<std::string>& words) {
  size_t errors = 0;
  size_t warnings = 0;
  for (const LogLine& line : host.Log()) {
    if (line.level == "info") continue;
    if (line.level == "error") {
      ++errors;
      EXPECT_TRUE(HoldsAll(line.message, words)) << line.message;
    } else {
      ++warnings;
      EXPECT_TRUE(line.IsEvent("exit")) << line.message;
    }
  }
  EXPECT_EQ(errors, 1u) << host.ErrorOutput();
  EXPECT_EQ(warnings, deaths) << host.ErrorOutput();
  EXPECT_EQ(Told(host, words.back()), told) << host.ErrorOutput();
}

struct Refusal {
  const char* plugin;
  std::vector<std::string> words;
};

// ---- Refused by the worker that loads it: no retry

class RefusedByWorkerTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedByWorkerTest, EndsTheHostWithoutRetry) {
  HostProcess host({Bad(GetParam().plugin), "--workers=1"});
  EXPECT_EQ(host.AwaitExit(), kExitPluginRefused);
  EXPECT_EQ(host.CountEvents("fork"), 1u);
  ExpectComplaints(host, 1, 1, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    BadPluginTest,
    RefusedByWorkerTest,
    ::testing::Values(
        Refusal{"odd_service",
                {"odd_service.so", "does not offer: cluster.tea/1"}},
        Refusal{"draft_service",
                {"draft_service.so needs",
                 "cluster.x-draft.tea/1",
                 "--allow_draft"}},
        Refusal{"table_size_0",
                {"table_size_0.so", "size is 0 bytes, where 64 to"}},
        Refusal{"table_size_max",
                {"table_size_max.so", "4294967295 bytes, where 64 to"}},
        Refusal{"no_create", {"no_create.so", "no function create"}},
        Refusal{"no_on_connection",
                {"no_on_connection.so", "no function on_connection"}},
        Refusal{
            "create_throws",
            {"create_throws.so", "in create of throws", "the ball is out"}}),
    [](const auto& info) { return std::string(info.param.plugin); });

TEST(BadPluginTest, ReasonOfManyRefusedWorkersIsToldOnce) {
  HostProcess host({Bad("table_size_0"), "--workers=3"});
  EXPECT_EQ(host.AwaitExit(), kExitPluginRefused);
  EXPECT_EQ(host.CountEvents("fork"), 3u);
  EXPECT_EQ(Told(host, "size is 0 bytes, where 64 to"), 1u)
      << host.ErrorOutput();
}

// ---- Dies or hangs: replaced within the restart intensity

class DeadlyTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(DeadlyTest, IsRetriedAndEndsTheHost) {
  HostProcess host({Bad(GetParam().plugin),
                    "--workers=1",
                    "--restarts=1",
                    "--start_timeout=2s"});
  EXPECT_EQ(host.AwaitExit(), kExitWorkersDied);
  EXPECT_EQ(host.CountEvents("fork"), 2u);
  ExpectComplaints(host, 2, 2, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    BadPluginTest,
    DeadlyTest,
    ::testing::Values(
        Refusal{"constructor_aborts",
                {"(SIGABRT) while loading constructor_aborts.so"}},
        Refusal{"start_hangs",
                {"in start of start_hangs.so: it did not start within 2s"}},
        Refusal{"timer_throws",
                {"exited with code 68",
                 "while timer_throws.so served",
                 "the ball is out"}}),
    [](const auto& info) { return std::string(info.param.plugin); });

// ---- Closes descriptors that are the host's

void ExpectClosedAllIsTold(HostProcess& host, const std::string& where) {
  EXPECT_TRUE(Logged(
      host, {"plugin bad has closed descriptors of the host's", "EBADF"}))
      << host.ErrorOutput();
  EXPECT_TRUE(Logged(host,
                     {absl::StrCat("exit: exited with code 69 (the host's "
                                   "descriptors were closed) ",
                                   where)}))
      << host.ErrorOutput();
}

TEST(BadPluginTest, CreateThatClosesAllDescriptorsIsAnExitCodeAndAReason) {
  HostProcess host({Bad("create_closes_all"), "--workers=1", "--restarts=1"});
  EXPECT_EQ(host.AwaitExit(), kExitWorkersDied);
  EXPECT_EQ(host.CountEvents("fork"), 2u);
  ExpectClosedAllIsTold(host, "in create of create_closes_all.so");
}

TEST(BadPluginTest, ConnectionThatClosesAllDescriptorsCostsTheWorkerAlone) {
  HostProcess host({Bad("connection_closes_all"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  EXPECT_EQ(Client(ConnectTo(host.port())).ReadToEnd(), "");
  ASSERT_TRUE(host.AwaitEvent("listening", 2));
  ExpectClosedAllIsTold(host, "while connection_closes_all.so served");
  host.EndCleanly();
}

// The worker cannot see it, and the primary ends it.
TEST(BadPluginTest, ControlChannelThatIsClosedIsTheReason) {
  HostProcess host({Bad("connection_closes_channel"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  EXPECT_EQ(Client(ConnectTo(host.port())).ReadToEnd(), "");
  ASSERT_TRUE(host.AwaitEvent("listening", 2));
  EXPECT_TRUE(Logged(host,
                     {"exit: killed by signal 9 (SIGKILL)",
                      "connection_closes_channel.so",
                      "its control channel was closed"}))
      << host.ErrorOutput();
  host.EndCleanly();
}

TEST(BadPluginTest, ExceptionOfACallbackCostsTheWorkerAndNotTheHost) {
  HostProcess host({Bad("connection_throws"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  EXPECT_EQ(Client(ConnectTo(host.port())).ReadToEnd(), "");
  ASSERT_TRUE(host.AwaitEvent("listening", 2));
  EXPECT_TRUE(Logged(host, {"in on_connection of throws", "the ball is out"}))
      << host.ErrorOutput();
  EXPECT_EQ(Told(host, "the ball is out"), 1u) << host.ErrorOutput();
  EXPECT_EQ(host.EndCleanly().lost, 1u);
}

class ThrowingEndTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ThrowingEndTest, IsAnExitCodeAndAReason) {
  const std::string function = GetParam();
  HostProcess host({Bad(absl::StrCat(function, "_throws")), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  host.Signal(SIGTERM);
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_TRUE(Logged(host,
                     {"exited with code 68",
                      absl::StrCat("in ", function, " of throws"),
                      "the ball is out"}))
      << host.ErrorOutput();
  EXPECT_EQ(Told(host, "the ball is out"), 1u) << host.ErrorOutput();
}

INSTANTIATE_TEST_SUITE_P(BadPluginTest,
                         ThrowingEndTest,
                         ::testing::Values("stop", "destroy"),
                         [](const auto& info) { return info.param; });

TEST(BadPluginTest, ExceptionEndsTheWorkerOfAPluginThatWantsIt) {
  HostProcess host({TestPlugin("fragile"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  EXPECT_EQ(Client(ConnectTo(host.port())).ReadToEnd(), "");
  ASSERT_TRUE(host.AwaitEvent("listening", 2)) << "it is replaced";
  EXPECT_TRUE(Logged(host, {"exited with code 68", "in on_connection of"}))
      << host.ErrorOutput();
  EXPECT_TRUE(Logged(host, {"OnConnection threw: the ball is out"}))
      << host.ErrorOutput();
  EXPECT_EQ(host.EndCleanly().completed, 1u) << "unwinding closed it";
}

// ---- Runs all the same

TEST(BadPluginTest, ConnectionThatIsClosedTwiceIsLoggedOnce) {
  HostProcess host({Bad("closes_twice"), "--workers=1"});
  ASSERT_TRUE(host.AwaitServing(1));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Client(ConnectTo(host.port())).ReadToEnd(), "");
  }
  const Books books = host.EndCleanly();
  EXPECT_EQ(books.completed, 3u);
  const std::vector<LogLine> log = host.Log();
  EXPECT_EQ(std::count_if(log.begin(),
                          log.end(),
                          [](const LogLine& line) {
                            return line.level == "error" &&
                                   line.message ==
                                       "misbehaviour of plugin bad: "
                                       "cluster.connection/1 close: its id is "
                                       "of no open connection";
                          }),
            1);
}

// The client waits, since nobody has closed its connection; the drain does not.
TEST(BadPluginTest, CloseOfNoDescriptorIsLoggedAndLeavesTheConnectionOpen) {
  HostProcess host(
      {Bad("closes_nothing"), "--workers=1", "--drain_timeout=100ms"});
  ASSERT_TRUE(host.AwaitServing(1));
  Client client(ConnectTo(host.port()));
  ASSERT_TRUE(host.AwaitLog([](const std::vector<LogLine>& log) {
    return std::any_of(log.begin(), log.end(), [](const LogLine& line) {
      return line.level == "error" &&
             line.message ==
                 "misbehaviour of plugin bad: cluster.connection/1 close: its "
                 "fd is no socket; the connection stays open";
    });
  })) << host.ErrorOutput();
  host.Signal(SIGTERM);
  EXPECT_EQ(client.ReadToEnd(), "");
  EXPECT_EQ(host.AwaitExit(), kExitOk);
  EXPECT_TRUE(Logged(host, {"drain deadline: 1 open connections are cut"}));
  EXPECT_EQ(host.FinalBooks()->completed, 0u);
}

class ReducedTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(ReducedTest, RunsAndSaysOnceWhatIsMissing) {
  HostProcess host({Bad(GetParam().plugin), "--workers=3"});
  ASSERT_TRUE(host.AwaitServing(3));
  EXPECT_EQ(Client(ConnectTo(host.port())).ReadToEnd(), "");
  host.EndCleanly();
  const std::vector<LogLine> log = host.Log();
  EXPECT_EQ(std::count_if(log.begin(),
                          log.end(),
                          [](const LogLine& line) {
                            return absl::StrContains(
                                line.message, "runs with less than it could");
                          }),
            1);
  EXPECT_TRUE(Logged(host, GetParam().words)) << host.ErrorOutput();
}

INSTANTIATE_TEST_SUITE_P(
    BadPluginTest,
    ReducedTest,
    ::testing::Values(
        Refusal{"odd_wishes", {"odd_wishes.so", "cluster.coffee/2"}},
        Refusal{"built_for_newer", {"built_for_newer.so", "plugin ABI 0.77"}}),
    [](const auto& info) { return std::string(info.param.plugin); });

}  // namespace
}  // namespace cluster
