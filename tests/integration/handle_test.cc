// Descriptors over messages, between a primary in this process and its workers
// and between workers: each kind of socket, in order with messages, with large
// payloads, and in each window in which a side may die. Nothing may leak.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/cluster.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/primary_mailbox.h"
#include "ipc/address.h"
#include "ipc/fd_passing.h"
#include "ipc/listener.h"
#include "ipc/open_fds.h"
#include "ipc/shared_bytes.h"
#include "tests/integration/process_facts.h"
#include "tests/integration/running_primary.h"

namespace cluster {
namespace {

constexpr size_t kLarge = size_t{20} << 20;
enum class Kind { kTcp, kUnix, kListener, kDatagram };

std::vector<UniqueFd> One(UniqueFd fd) {
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(fd));
  return fds;
}
UniqueFd CopyOf(int fd) { return UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

// What comes, waiting for it.
std::string Read(int fd) {
  pollfd poll_fd = {fd, POLLIN, 0};
  char text[64] = "";
  if (poll(&poll_fd, 1, 20'000) != 1) return "nothing";
  const ssize_t count = recv(fd, text, sizeof(text), 0);
  return std::string(text, count > 0 ? static_cast<size_t>(count) : 0);
}

UniqueFd ConnectTo(int listener_or_datagram, int type) {
  const ListenAddress address = *LocalAddress(listener_or_datagram);
  UniqueFd fd(socket(address.storage.ss_family, type | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(),
                    reinterpret_cast<const sockaddr*>(&address.storage),
                    address.length),
            0);
  return fd;
}

// A socket to pass on, and how this end hears who has it.
struct Passed {
  explicit Passed(Kind kind) : kind(kind) {
    if (kind == Kind::kUnix) {
      auto pair = *MakeSocketPair(SOCK_STREAM);
      passed = std::move(pair.first);
      other = std::move(pair.second);
      return;
    }
    if (kind == Kind::kDatagram) {
      passed.Reset(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sockaddr_in address = {};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      EXPECT_EQ(bind(passed.get(),
                     reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)),
                0);
      other = ConnectTo(passed.get(), SOCK_DGRAM);
      return;
    }
    passed = *OpenListener(*ParseListenAddress("127.0.0.1:0"));
    other = ConnectTo(passed.get(), SOCK_STREAM);
    if (kind == Kind::kTcp) {
      passed.Reset(accept4(passed.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
  }

  std::string Greeting() {
    if (kind == Kind::kDatagram) send(other.get(), "x", 1, 0);
    return Read(other.get());
  }

  Kind kind;
  UniqueFd passed;
  UniqueFd other;
};

class HandleTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(running_.AwaitListening(2));
    // What the first use opens is not counted.
    EXPECT_EQ(running_.Ask(1, "echo").text, "echo");
    EXPECT_EQ(running_.Ask(2, "echo").text, "echo");
    before_ = OpenFds();
    for (uint32_t id : {1u, 2u}) {
      worker_before_[id] = OpenDescriptors(running_.pid(id));
    }
  }

  // As many descriptors as in the beginning, here and in the workers that
  // live.
  void ExpectNoLeak(std::vector<uint32_t> workers = {1, 2}) {
    EXPECT_TRUE(running_.RunUntil([&] { return OpenFds() <= before_; }))
        << OpenFds() << " descriptors here, and there were " << before_;
    for (const uint32_t id : workers) {
      EXPECT_TRUE(running_.RunUntil([&] {
        return OpenDescriptors(running_.pid(id)) <= worker_before_[id];
      })) << "worker "
          << id;
    }
  }
  // As many as before while a successor takes the place of one that was killed.
  void Kill(uint32_t worker) {
    kill(running_.pid(worker), SIGKILL);
    EXPECT_TRUE(running_.AwaitExit(worker));
    EXPECT_TRUE(running_.AwaitListening(3));
  }
  void Stop(uint32_t worker) {
    kill(running_.pid(worker), SIGSTOP);
    ASSERT_TRUE(AwaitTrue([&] { return IsStopped(running_.pid(worker)); }));
  }
  MessageDone Done() {
    return
        [this](const absl::Status& status) { done_.push_back(status.code()); };
  }
  using Codes = std::vector<absl::StatusCode>;

  RunningPrimary running_{"pen_pal", 2};
  size_t before_ = 0;
  size_t worker_before_[3] = {};
  Codes done_;
};

// ---- Each kind of socket

TEST_P(HandleTest, GoesToAWorker) {
  {
    Passed pair(GetParam());
    EXPECT_EQ(running_.Ask(2, "meet", One(std::move(pair.passed))).text,
              "met 1");
    EXPECT_EQ(pair.Greeting(), "worker 2");
  }
  ExpectNoLeak();
}

TEST_P(HandleTest, GoesToAWorkerAndACopyStays) {
  {
    Passed pair(GetParam());
    EXPECT_EQ(running_.Ask(2, "meet", One(CopyOf(pair.passed.get()))).text,
              "met 1");
    EXPECT_EQ(pair.Greeting(), "worker 2");
    // The worker has closed its own by now or will; this one still works.
    if (GetParam() == Kind::kTcp || GetParam() == Kind::kUnix) {
      EXPECT_EQ(send(pair.passed.get(), "here", 4, 0), 4);
      EXPECT_EQ(Read(pair.other.get()), "here");
    }
  }
  ExpectNoLeak();
}

TEST_P(HandleTest, GoesToAWorkerWithALargePayloadAndBack) {
  {
    Passed pair(GetParam());
    const std::string text = "echo " + std::string(kLarge, 'x');
    RunningPrimary::Reply reply =
        running_.Ask(1, text, One(std::move(pair.passed)));
    EXPECT_TRUE(reply.text == text);
    ASSERT_EQ(reply.fds.size(), 1u);
    EXPECT_EQ(running_.Ask(2, "meet", std::move(reply.fds)).text, "met 1");
    EXPECT_EQ(pair.Greeting(), "worker 2");
  }
  ExpectNoLeak();
}

TEST_P(HandleTest, GoesFromWorkerToWorker) {
  {
    Passed pair(GetParam());
    EXPECT_EQ(running_.Ask(1, "pass 2", One(std::move(pair.passed))).text,
              "met 1");
    EXPECT_EQ(pair.Greeting(), "worker 2");
  }
  ExpectNoLeak();
}

TEST_P(HandleTest, ComesFromAWorkerAndACopyStaysThere) {
  const char* const kinds[] = {"tcp", "unix", "listener", "udp"};
  const bool is_connected =
      GetParam() == Kind::kTcp || GetParam() == Kind::kUnix;
  for (const size_t size : {size_t{10}, kLarge}) {
    RunningPrimary::Reply reply = running_.Ask(
        1, absl::StrCat("give ", kinds[size_t(GetParam())], " ", size));
    EXPECT_EQ(reply.text.size(), size);
    ASSERT_EQ(reply.fds.size(), 1u);
    if (is_connected) {
      EXPECT_EQ(running_.Ask(1, "greet").text, "greeted");
      EXPECT_EQ(Read(reply.fds[0].get()), "worker 1");
    } else {
      const bool is_listener = GetParam() == Kind::kListener;
      const UniqueFd client =
          ConnectTo(reply.fds[0].get(), is_listener ? SOCK_STREAM : SOCK_DGRAM);
      EXPECT_EQ(running_.Ask(2, "meet", std::move(reply.fds)).text, "met 1");
      if (!is_listener) send(client.get(), "x", 1, 0);
      EXPECT_EQ(Read(client.get()), "worker 2");
    }
  }
  worker_before_[1] += 1;  // it keeps a copy of the last
  ExpectNoLeak();
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         HandleTest,
                         ::testing::Values(Kind::kTcp,
                                           Kind::kUnix,
                                           Kind::kListener,
                                           Kind::kDatagram));

// ---- Order

using HandleWindowTest = HandleTest;

TEST_P(HandleWindowTest, MessagesWithAndWithoutArriveInOrder) {
  std::vector<std::string> heard;
  size_t fds = 0;
  running_.mailbox().OnMessage([&](MailboxMessage& message) {
    heard.emplace_back(reinterpret_cast<const char*>(message.bytes.data()),
                       message.bytes.size());
    fds += message.fds.size();
  });
  EXPECT_EQ(running_.Ask(1, "tell 300").text, "told 300");
  ASSERT_EQ(heard.size(), 300u);
  for (size_t i = 0; i < 300; ++i) EXPECT_EQ(heard[i], absl::StrCat("#", i));
  EXPECT_EQ(fds, 100u);

  for (int i = 0; i < 300; ++i) {
    // Of some sizes that take parts, so that others could overtake.
    std::string text = absl::StrCat("#", i, " ");
    text.resize(i % 10 == 0 ? 200'000 : 20, 'x');
    MessageExtras extras;
    if (i % 3 == 0) extras.fds.push_back(CopyOf(STDERR_FILENO));
    ASSERT_TRUE(
        running_.mailbox()
            .Send(2, MessagePayload(absl::string_view(text)), std::move(extras))
            .ok());
  }
  EXPECT_EQ(running_.Ask(2, "count 300").text, "in order");
  ExpectNoLeak();
}

// ---- The receiver dies

TEST_P(HandleWindowTest, ReceiverDiesBeforeItReads) {
  Stop(2);
  std::unique_ptr<RunningPrimary::Reply> reply;
  running_.AskLater(2, "meet", &reply, One(CopyOf(STDERR_FILENO)));
  ASSERT_TRUE(running_.mailbox()
                  .Send(2,
                        MessagePayload("behind"),
                        {.fds = One(CopyOf(STDERR_FILENO)), .done = Done()})
                  .ok());
  ASSERT_TRUE(running_.RunUntil([&] { return !done_.empty(); }));
  EXPECT_EQ(OpenFds(), before_) << "the kernel holds them";
  Kill(2);
  ASSERT_TRUE(running_.RunUntil([&] { return reply != nullptr; }));
  EXPECT_TRUE(absl::IsNotFound(reply->status)) << reply->status;
  EXPECT_EQ(done_, Codes{absl::StatusCode::kOk});
  ExpectNoLeak({1});
}

TEST_P(HandleWindowTest, ReceiverDiesBetweenParts) {
  Stop(2);
  const SharedBytes large{std::vector<std::byte>(kLarge)};
  const auto send = [&] {
    return running_.mailbox().Send(
        2,
        MessagePayload(large),
        {.fds = One(CopyOf(STDERR_FILENO)), .done = Done()});
  };
  ASSERT_TRUE(send().ok());
  ASSERT_TRUE(send().ok());
  const uint64_t unsent = running_.mailbox().UnsentBytes(2);
  ASSERT_TRUE(running_.RunUntil(
      [&] { return running_.mailbox().UnsentBytes(2) < unsent; }));
  EXPECT_EQ(done_, Codes{});
  Kill(2);
  EXPECT_EQ(done_, Codes(2, absl::StatusCode::kNotFound));
  EXPECT_TRUE(absl::IsNotFound(send().status()));
  ExpectNoLeak({1});
}

TEST_P(HandleWindowTest, ReceiverOfAWorkerDiesBetweenParts) {
  Stop(2);
  EXPECT_EQ(running_.Ask(1, absl::StrCat("large 2 ", kLarge)).text, "sent");
  Kill(2);
  EXPECT_EQ(running_.Ask(1, "echo").text, "echo");
  ExpectNoLeak({1});
}

// ---- The sender dies

TEST_P(HandleWindowTest, SenderDiesInAMessageToThePrimary) {
  size_t heard = 0;
  running_.mailbox().OnMessage([&](MailboxMessage&) { ++heard; });
  std::unique_ptr<RunningPrimary::Reply> reply;
  running_.AskLater(1, absl::StrCat("large 0 ", size_t{128} << 20), &reply);
  ASSERT_TRUE(running_.RunUntil([&] { return OpenFds() > before_; }))
      << "the first part is here";
  Kill(1);
  EXPECT_TRUE(absl::IsNotFound(reply->status));
  EXPECT_EQ(heard, 0u);
  ExpectNoLeak({2});
}

TEST_P(HandleWindowTest, SenderDiesInAMessageToAWorker) {
  std::unique_ptr<RunningPrimary::Reply> reply;
  running_.AskLater(1, absl::StrCat("large 2 ", size_t{128} << 20), &reply);
  ASSERT_TRUE(running_.RunUntil([&] {
    return OpenDescriptors(running_.pid(2)) > worker_before_[2];
  })) << "the first part is there";
  Kill(1);
  ExpectNoLeak({2});
}

TEST_P(HandleWindowTest, WhatASenderSaidLastIsHeard) {
  std::vector<size_t> heard;
  running_.mailbox().OnMessage(
      [&](MailboxMessage& message) { heard.push_back(message.fds.size()); });
  std::unique_ptr<RunningPrimary::Reply> reply;
  running_.AskLater(1, "tell 30", &reply);
  ASSERT_TRUE(running_.RunUntil([&] { return reply != nullptr; }));
  Kill(1);
  EXPECT_EQ(heard.size(), 30u);
  ExpectNoLeak({2});
}

INSTANTIATE_TEST_SUITE_P(All, HandleWindowTest, ::testing::Values(Kind::kTcp));

// ---- Received, and not yet given to anybody

TEST(DeafWorkerTest, DiesWithWhatItHasReceived) {
  RunningPrimary running("pen_pal", 1, {{"deaf", "yes"}});
  ASSERT_TRUE(running.AwaitListening(1));
  const size_t before = OpenFds();
  const size_t worker_before = OpenDescriptors(running.pid(1));
  absl::StatusCode done = absl::StatusCode::kUnknown;
  ASSERT_TRUE(
      running.mailbox()
          .Send(1,
                MessagePayload("kept"),
                {.fds = One(CopyOf(STDERR_FILENO)),
                 .done =
                     [&](const absl::Status& status) { done = status.code(); }})
          .ok());
  ASSERT_TRUE(running.RunUntil([&] {
    return OpenDescriptors(running.pid(1)) > worker_before;
  })) << "it has read it";
  kill(running.pid(1), SIGKILL);
  EXPECT_TRUE(running.AwaitExit(1));
  EXPECT_TRUE(running.AwaitListening(2));
  EXPECT_EQ(done, absl::StatusCode::kOk);
  EXPECT_TRUE(running.RunUntil([&] { return OpenFds() <= before; }));
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  cluster::run_if_plugin_worker();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
