// Row B205: what happens to descriptors for which the receiver has no number
// left.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "ipc/open_fds.h"
#include "tests/conformance/agent_fixture.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"
#include "tests/conformance/sockets.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

// As long as it lives, `pid` gets no descriptor more than it has: the numbers
// below the limit are in use.
class WithoutDescriptors {
 public:
  explicit WithoutDescriptors(pid_t pid) : pid_(pid) {
    EXPECT_EQ(prlimit(pid_, RLIMIT_NOFILE, nullptr, &before_), 0);
    const rlimit none = {3, before_.rlim_max};
    EXPECT_EQ(prlimit(pid_, RLIMIT_NOFILE, &none, nullptr), 0);
  }
  ~WithoutDescriptors() {
    EXPECT_EQ(prlimit(pid_, RLIMIT_NOFILE, &before_, nullptr), 0);
  }

 private:
  const pid_t pid_;
  rlimit before_ = {};
};

class LostHandleTest : public AgentTest {};

TEST_F(LostHandleTest, B205_WorkerIsToldAndB211_ItsChannelGoesOn) {
  const auto worker = StartAgent();
  EXPECT_EQ(Order(worker, "meet"), "met none");
  {
    const WithoutDescriptors none(worker->process().pid());
    auto [passed, other] = UnixPair();
    EXPECT_EQ(Order(worker, "meet", std::move(passed)), "met one that is lost");
    EXPECT_EQ(Read(other.fd()), "end") << "the kernel has closed it";
    EXPECT_EQ(Order(worker, "meet"), "met none");
    EXPECT_EQ(Order(worker, "echo"), "echo");
  }
  EXPECT_TRUE(worker->is_connected());
  auto [passed, other] = UnixPair();
  EXPECT_EQ(Order(worker, "meet", std::move(passed)), "met unix socket");
  EXPECT_EQ(Read(other.fd()), "worker 1");
}

// As in Node, whose sender learns it by a warning. The receiver can answer.
TEST_F(LostHandleTest, B205_CallbackTellsThatTheKernelHasTakenIt) {
  const auto worker = StartAgent();
  EXPECT_EQ(Order(worker, "meet"), "met none");
  const WithoutDescriptors none(worker->process().pid());
  auto [passed, other] = UnixPair();
  std::vector<absl::Status> sent;
  EXPECT_TRUE(worker->send("meet", passed, [&](const absl::Status& status) {
    sent.push_back(status);
  }));
  EXPECT_FALSE(passed) << "it was taken, and is not given back";
  EXPECT_EQ(Heard(worker), "met one that is lost");
  EXPECT_EQ(sent, std::vector{absl::OkStatus()});
}

TEST_F(LostHandleTest, B205_SoIsThePrimary) {
  const auto worker = StartAgent();
  const size_t before = OpenFds();
  {
    const WithoutDescriptors none(getpid());
    EXPECT_EQ(Order(worker, "give unix"), "given");
    EXPECT_FALSE(came_);
    EXPECT_TRUE(came_.lost());
    EXPECT_EQ(Order(worker, "echo"), "echo");
    EXPECT_FALSE(came_.lost()) << "there was none";
  }
  EXPECT_EQ(OpenFds(), before);
  EXPECT_EQ(Order(worker, "give unix"), "given");
  EXPECT_EQ(Read(came_.fd()), "worker 1");
}

TEST_F(LostHandleTest, B205_SoIsAnotherWorkerOfWhatThePrimaryCouldNotPassOn) {
  const auto from = StartAgent();
  const auto to = StartAgent();
  const WithoutDescriptors none(getpid());
  EXPECT_EQ(Order(from, "give 2"), "given");
  EXPECT_EQ(Heard(to), "1 says meet and has lost a handle");
  EXPECT_EQ(Order(from, "echo"), "echo");
  EXPECT_EQ(Order(to, "echo"), "echo");
}

TEST_F(LostHandleTest, B205_OneOfARequestAndOneOfAReply) {
  const auto worker = StartAgent();
  EXPECT_EQ(Order(worker, "echo"), "echo") << "it has all that it starts with";
  auto [passed, other] = UnixPair();
  int replies = 0;
  bool lost = false;
  const auto ask = [&](Handle handle) {
    worker->request(
        "and back",
        absl::InfiniteDuration(),
        [&](Reply& reply) {
          ++replies;
          EXPECT_TRUE(reply.ok()) << reply.status;
          lost = reply.handle.lost();
        },
        handle);
  };
  {
    const WithoutDescriptors none(worker->process().pid());
    ask(std::move(passed));
    RunUntil([&] { return replies == 1; });
    EXPECT_FALSE(lost) << "it had none to send back";
  }
  ask(UnixPair().first);
  // It reads the answer when the loop runs.
  const WithoutDescriptors none(getpid());
  RunUntil([&] { return replies == 2; });
  EXPECT_TRUE(lost);
}

TEST_F(LostHandleTest, B205_ListenerThatDidNotArriveIsAnErrorOfItsServer) {
  cluster_.set_scheduling_policy(kSchedNone);
  const auto worker = Start();
  // It has all that it starts with.
  EXPECT_EQ(Ask(worker, "sockets", "sockets"), "sockets 0");
  {
    const WithoutDescriptors none(worker->process().pid());
    EXPECT_EQ(Ask(worker, "listen a", "a "),
              "a error EMFILE recvmsg 127.0.0.1 0");
  }
  const int port = Listen(worker, "listen a");
  EXPECT_EQ(ServedBy(port), worker->id());
}

TEST_F(LostHandleTest, B205_ConnectionsThatAWorkerCannotTakeGoToAnother) {
  cluster_.set_scheduling_policy(kSchedRr);
  const auto workers = Start(2);
  const int port = Listen(workers[0], "listen a");
  EXPECT_EQ(Listen(workers[1], "listen a"), port);
  {
    const WithoutDescriptors none(workers[0]->process().pid());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ServedBy(port), workers[1]->id());
  }
  RunUntil([&] { return ServedBy(port) == workers[0]->id(); });
}

// A copy for each of the others is made here, and two of them stand still: they
// keep some of them, and nobody else loses any.
TEST_F(LostHandleTest, FloodToThoseWhoDoNotReadUsesUpNoDescriptors) {
  constexpr size_t kMany = 1'000;
  const auto sender = StartAgent();
  const auto still = {StartAgent(), StartAgent()};
  const auto others = {StartAgent(), StartAgent()};
  for (const auto& worker : still) {
    const pid_t pid = worker->process().pid();
    kill(pid, SIGSTOP);
    ASSERT_TRUE(AwaitTrue([&] { return IsStopped(pid); }));
  }
  std::map<uint32_t, size_t> whole;
  std::map<uint32_t, size_t> without;
  size_t most = 0;
  cluster_.on(events::message,
              [&](Worker& worker, const Message& message, Handle&) {
                const bool lost = TextOf(message).ends_with("lost a handle");
                ++(lost ? without : whole)[worker.id()];
                most = std::max(most, OpenFds());
              });
  const auto await_all = [&](uint32_t id) {
    RunUntil([&] { return whole[id] + without[id] == kMany; });
  };
  const size_t before = OpenFds();
  sender->send(absl::StrCat("flood ", kMany));
  for (const auto& worker : others) {
    await_all(worker->id());
    EXPECT_EQ(whole[worker->id()], kMany);
  }
  EXPECT_LT(most, before + 300) << "256, and a few";
  for (const auto& worker : still) kill(worker->process().pid(), SIGCONT);
  for (const auto& worker : still) {
    await_all(worker->id());
    EXPECT_GT(without[worker->id()], 0u) << "the message comes all the same";
  }
}

}  // namespace
}  // namespace cluster
