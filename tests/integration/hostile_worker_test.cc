// A worker that has been taken over: what it sends ends it, and harms nobody
// else.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

struct Act {
  const char* name;    // of tests/plugins/hostile.h
  const char* reason;  // what the log says of it
};

void PrintTo(const Act& act, std::ostream* out) { *out << act.name; }

class HostileWorkerTest : public testing::TestWithParam<Act> {};

INSTANTIATE_TEST_SUITE_P(
    Acts,
    HostileWorkerTest,
    testing::Values(Act{"magic", "does not begin with the magic"},
                    Act{"version", "version 2"},
                    Act{"type", "unknown type 9999"},
                    Act{"length", "announces 18446744073709551615 bytes"},
                    Act{"truncated", "end of stream inside a frame"},
                    Act{"descriptors", "253 descriptors came"},
                    Act{"garbage", "does not begin with the magic"},
                    Act{"online", "second online frame"},
                    Act{"nowhere", "it listens where"},
                    Act{"payload", "4 bytes are expected and 1 remain"},
                    Act{"nested_size", "9223372036854775807 elements"},
                    Act{"log_huge", "a text of 65537 bytes"},
                    Act{"failed_huge", "a text of 65537 bytes"},
                    Act{"frame_huge", "announces 67108864 bytes"},
                    Act{"listens", "it does not read the descriptors"},
                    Act{"relistens", "it does not read the descriptors"},
                    Act{"addresses", "a listener that it does not serve"},
                    Act{"flood", "unknown type 9999"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Messages,
    HostileWorkerTest,
    testing::Values(
        Act{"message_cut", "a message without its head"},
        Act{"message_huge", "a message of 9223372036854775808 bytes"},
        Act{"message_longer", "more of a message than announced"},
        Act{"message_nobody", "a message to nobody known"},
        Act{"message_asks_all", "it asks all others at once"},
        Act{"message_within", "it begins a message within another"},
        Act{"message_many_fds", "a message with 65 descriptors"},
        Act{"message_few_fds", "2 descriptors and 1 came"},
        Act{"part_alone", "a part that belongs to no message"},
        Act{"parts_endless", "a part that belongs to no message"},
        Act{"window_ignored", "its window is used up"},
        Act{"requests_endless", "too many requests at once"},
        Act{"forget_cut", "it forgets a request without saying which"},
        Act{"strangers", "unknown type 9999"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Rings,
    HostileWorkerTest,
    testing::Values(Act{"ring_missing",
                        "a payload in a ring that is not there"},
                    Act{"ring_twice", "a payload ring that nobody wants"},
                    Act{"ring_unsealed", "a descriptor is no payload ring"},
                    Act{"ring_short", "a descriptor is no payload ring"},
                    Act{"ring_beyond", "a payload lies outside of its ring"},
                    Act{"ring_huge", "announces 9223372036854775808 bytes"},
                    Act{"ring_payload", "the first byte is 0"},
                    Act{"ring_again", "a payload lies outside of its ring"}),
    [](const auto& info) { return info.param.name; });

// Returns the lines of the log in which worker `id` has the event `name`.
std::vector<std::string> Messages(HostProcess& host,
                                  uint32_t id,
                                  const char* name) {
  std::vector<std::string> messages;
  for (const LogLine& line : host.LogOf(id)) {
    if (line.IsEvent(name)) messages.push_back(line.message);
  }
  return messages;
}

// Returns how many of `count` clients, one after the other, had an answer.
size_t Served(HostProcess& host, size_t count) {
  return RunLoad({.port = host.port(), .request = "who\n"}, count, 1)
      .count(End::kAnswered);
}

TEST_P(HostileWorkerTest, IsCutOffAndReplacedWhileOthersServe) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  const size_t idle = OpenDescriptors(host.pid());
  ClientSet clients({.port = host.port(), .request = "who\n"});
  clients.Open(2);
  ASSERT_TRUE(clients.AwaitSettled(2));
  const size_t hostile = clients.outcomes()[0].answer == "1\n" ? 0 : 1;
  ASSERT_NE(clients.outcomes()[1 - hostile].answer, "1\n");

  clients.Ask(hostile, absl::StrCat("hostile ", GetParam().name, "\n"));

  // It may start some before it is cut off; the other's are answered.
  EXPECT_GE(Served(host, 20), 10u);
  ASSERT_TRUE(host.AwaitEvent("listening", 3));
  EXPECT_EQ(host.Workers().count(1), 0u);
  EXPECT_EQ(Served(host, 20), 20u);
  clients.Ask(1 - hostile, "who\n");
  ASSERT_TRUE(clients.AwaitSettled(2));
  EXPECT_EQ(clients.outcomes()[1 - hostile].answer, "2\n");
  EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(host.pid()) == idle; }))
      << OpenDescriptors(host.pid()) << " after " << idle;
  EXPECT_EQ(Messages(host, 1, "disconnect"),
            std::vector<std::string>{"disconnect"});
  const std::vector<std::string> reasons = Messages(host, 1, "exit");
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_TRUE(absl::StrContains(reasons[0], GetParam().reason)) << reasons[0];
  EXPECT_EQ(host.CountEvents("fork"), 3u);
  host.EndCleanly();
}

TEST(HostileScoreboardTest, NonsenseHarmsNeitherOthersNorTheSuccessor) {
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  const size_t idle = OpenDescriptors(host.pid());
  ClientSet clients({.port = host.port(), .request = "who\n"});
  clients.Open(2);
  ASSERT_TRUE(clients.AwaitSettled(2));
  const size_t hostile = clients.outcomes()[0].answer == "1\n" ? 0 : 1;

  clients.Ask(hostile, "hostile scoreboard\n");
  ASSERT_TRUE(clients.AwaitSettled(2));

  // What is handed to the hostile worker may be lost, what others have is not.
  clients.Ask(1 - hostile, "who\n");
  ASSERT_TRUE(clients.AwaitSettled(2));
  EXPECT_EQ(clients.outcomes()[1 - hostile].answer, "2\n");
  kill(host.Workers().at(1), SIGKILL);
  ASSERT_TRUE(host.AwaitEvent("listening", 3));
  const ClientSet after =
      RunLoad({.port = host.port(), .request = "who\n"}, 20, 1);
  EXPECT_EQ(after.count(End::kAnswered), 20u);
  EXPECT_GT(after.answers()["3\n"], 0u);
  EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(host.pid()) == idle; }))
      << OpenDescriptors(host.pid()) << " after " << idle;
  EXPECT_EQ(host.CountEvents("fork"), 3u);
  host.EndCleanly();
}

}  // namespace
}  // namespace cluster
