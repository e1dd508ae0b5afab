// A worker that is killed at any point of a listener's life: asked for, paused,
// closed.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_log.h"
#include "tests/integration/host_process.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

uint16_t PortIn(const std::string& text) {
  return static_cast<uint16_t>(
      std::atoi(text.substr(text.rfind(':') + 1).c_str()));
}

// One worker, which is killed while it is at a certain point; the next one has
// to find everything in order, and the primary to keep nothing.
class KilledListenerTest : public testing::TestWithParam<const char*> {
 protected:
  void Begin() {
    host_ = std::make_unique<HostProcess>(
        std::vector<std::string>{TestPlugin("listens"),
                                 "--workers=1",
                                 absl::StrCat("--data_path=", GetParam())});
    ASSERT_TRUE(host_->AwaitServing(1));
    worker_ = host_->Workers().at(1);
    before_ = OpenDescriptors(host_->pid());
    client_.emplace(ConnectTo(host_->port()));
    EXPECT_EQ(Ask(*client_, "who"), "1");
  }

  void Stop(pid_t pid) {
    kill(pid, SIGSTOP);
    EXPECT_TRUE(AwaitTrue([&] { return IsStopped(pid); }));
  }

  static std::string Ask(Client& client, const std::string& line) {
    EXPECT_TRUE(client.Send(line + "\n"));
    const std::string answer = client.ReadUntil("\n");
    EXPECT_TRUE(absl::EndsWith(answer, "\n")) << line;
    return answer.substr(0, answer.find('\n'));
  }

  // What the worker had to say to the primary is on its way when this returns:
  // its loop has gone round since.
  void GoRound() {
    EXPECT_EQ(Ask(*client_, "who"), "1");
    EXPECT_EQ(Ask(*client_, "who"), "1");
  }

  // The primary is stopped, so there is no answer.
  void ListenUnanswered() {
    EXPECT_TRUE(client_->Send(absl::StrCat(kListen, "\n")));
    GoRound();
  }

  void Listen() {
    const std::string said = Ask(*client_, kListen);
    ASSERT_TRUE(absl::StartsWith(said, "1 ok 1 ")) << said;
    port_ = PortIn(said);
  }

  void Kill() { kill(worker_, SIGKILL); }

  // The worker's successor listens at the same address, serves there, and
  // closes it.
  void ExpectOrder() {
    ASSERT_TRUE(host_->AwaitLog([](const std::vector<LogLine>& log) {
      return std::any_of(log.begin(), log.end(), [](const LogLine& line) {
        return line.worker_id == 2 && line.IsEvent("listening");
      });
    }));
    Client client(ConnectTo(host_->port()));
    const std::string said = Ask(client, kListen);
    ASSERT_TRUE(absl::StartsWith(said, "2 ok ")) << said;
    if (port_ != 0) {
      EXPECT_EQ(PortIn(said), port_) << "it was due back";
    }
    {
      Client there(ConnectTo(PortIn(said)));
      EXPECT_EQ(Ask(there, "who"), "2");
    }
    const std::string number = said.substr(5, said.find(' ', 5) - 5);
    EXPECT_EQ(Ask(client, "close " + number), "2 0");
    EXPECT_TRUE(AwaitTrue([&] {
      return OpenDescriptors(host_->pid()) == before_;
    })) << OpenDescriptors(host_->pid())
        << " after " << before_;
    host_->EndCleanly();
  }

  static constexpr char kListen[] = "listen 0 127.0.0.1:0";

  std::unique_ptr<HostProcess> host_;
  pid_t worker_ = -1;
  size_t before_ = 0;  // descriptors of the primary
  uint16_t port_ = 0;  // of the listener, if the successor has to get it
  std::optional<Client> client_;
};

TEST_P(KilledListenerTest, AskedAndNotAnswered) {
  Begin();
  Stop(host_->pid());
  ListenUnanswered();
  Kill();
  host_->Signal(SIGCONT);
  ExpectOrder();
}

TEST_P(KilledListenerTest, AnsweredAndNotListening) {
  Begin();
  Stop(host_->pid());
  ListenUnanswered();
  Stop(worker_);
  host_->Signal(SIGCONT);
  // It has opened the listener.
  EXPECT_TRUE(
      AwaitTrue([&] { return OpenDescriptors(host_->pid()) > before_; }));
  Kill();
  ExpectOrder();
}

TEST_P(KilledListenerTest, Listening) {
  Begin();
  Listen();
  Kill();
  ExpectOrder();
}

TEST_P(KilledListenerTest, Paused) {
  Begin();
  Listen();
  EXPECT_EQ(Ask(*client_, "pause 1"), "1 0");
  Kill();
  ExpectOrder();
}

TEST_P(KilledListenerTest, PausedAndThePrimaryDoesNotKnow) {
  Begin();
  Listen();
  Stop(host_->pid());
  EXPECT_EQ(Ask(*client_, "pause 1"), "1 0");
  GoRound();
  Kill();
  host_->Signal(SIGCONT);
  ExpectOrder();
}

TEST_P(KilledListenerTest, ClosedAndThePrimaryDoesNotKnow) {
  Begin();
  Listen();
  port_ = 0;  // it is closed, so another one will do
  Stop(host_->pid());
  EXPECT_EQ(Ask(*client_, "close 1"), "1 0");
  GoRound();
  Kill();
  host_->Signal(SIGCONT);
  ExpectOrder();
}

INSTANTIATE_TEST_SUITE_P(DataPaths,
                         KilledListenerTest,
                         testing::Values("handoff", "share"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace cluster
