// The test's own binary is the worker, too: with PRIMARY_TEST_WORKER set it
// says what that tells it to say, which need not make sense.
#include "core/primary/primary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/control/messages.h"
#include "core/event_loop/refused_call.h"
#include "core/primary/fork_queue.h"
#include "core/primary/loopback.h"
#include "core/primary/replacement.h"
#include "ipc/archive.h"
#include "ipc/open_fds.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr char kWorkerVariable[] = "PRIMARY_TEST_WORKER";

// Keeps the events as text, and calls back.
class Observer : public PrimaryObserver {
 public:
  void OnEvent(const WorkerEvent& event) override {
    events.push_back(absl::StrCat(WorkerEventName(event.kind),
                                  " ",
                                  event.worker_id,
                                  event.detail.empty() ? "" : ": ",
                                  event.detail));
    if (on_event) on_event(event);
  }
  void OnAccepting() override { accepts = true; }
  void OnLog(uint32_t, pid_t, int, absl::string_view) override {}
  void OnOutput(uint32_t, pid_t, int, absl::string_view) override {}

  int64_t Count(absl::string_view kind) const {
    return std::count_if(events.begin(), events.end(), [&](const auto& event) {
      return absl::StartsWith(event, kind);
    });
  }

  std::vector<std::string> events;
  bool accepts = false;
  std::function<void(const WorkerEvent&)> on_event;
};

class PrimaryTest : public ::testing::Test {
 protected:
  PrimaryTest() { getrlimit(RLIMIT_NOFILE, &limit_); }
  ~PrimaryTest() override { AllowDescriptors(); }

  void Make(const std::string& does, uint32_t workers = 1) {
    setenv(kWorkerVariable, does.c_str(), 1);
    PrimaryOptions options;
    options.sockets.push_back(loopback_.TakeListener());
    options.kill_at_end = true;
    options.replacement = {.program = {.name = "test"},
                           .workers = workers,
                           .restarts = 3,
                           .shortest_life = shortest_life_};
    primary_ = std::make_unique<Primary>(io_, std::move(options), observer_);
  }

  PrimaryEnd StartAndRun() {
    const absl::Status status = primary_->Start();
    EXPECT_TRUE(status.ok()) << status;
    return primary_->Run();
  }

  // Drains as soon as `count` workers listen.
  void DrainWhenListening(int count) {
    observer_.on_event = [this, count](const WorkerEvent&) {
      if (observer_.Count("listening") == count) primary_->Drain();
    };
  }

  // From here on nothing can be opened.
  void DenyDescriptors() {
    rlimit none = limit_;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  void AllowDescriptors() { setrlimit(RLIMIT_NOFILE, &limit_); }

  rlimit limit_;
  absl::Duration shortest_life_ = ReplacementOptions().shortest_life;
  boost::asio::io_context io_{1};
  Loopback loopback_;
  Observer observer_;
  std::unique_ptr<Primary> primary_;
};

TEST_F(PrimaryTest, DrainEndsTheWorkersAndRun) {
  Make("serve", 2);
  DrainWhenListening(2);
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("fork"), 2);
  EXPECT_EQ(observer_.Count("disconnect"), 2);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

TEST_F(PrimaryTest, NothingLeaks) {
  const size_t before = OpenFds();
  {
    // An io_context has descriptors of its own.
    boost::asio::io_context io{1};
    PrimaryOptions options;
    options.sockets.push_back(Loopback().TakeListener());
    options.replacement = ReplacementOptions();
    setenv(kWorkerVariable, "serve", 1);
    Primary primary(io, std::move(options), observer_);
    observer_.on_event = [&](const WorkerEvent& event) {
      if (event.kind == WorkerEventKind::kListening) primary.Drain();
    };
    ASSERT_TRUE(primary.Start().ok());
    primary.Run();
  }
  EXPECT_EQ(OpenFds(), before);
}

TEST_F(PrimaryTest, WorkersThatKeepLeavingAreNotReplacedForEver) {
  Make("leave");
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kWorkersDied);
  EXPECT_EQ(observer_.Count("fork"), 4);
}

// What was planned is no death, as long as it does not go round in a circle.
TEST_F(PrimaryTest, PlannedEndsDoNotCountAgainstTheRestarts) {
  shortest_life_ = absl::ZeroDuration();
  Make("leave");
  observer_.on_event = [this](const WorkerEvent&) {
    if (observer_.Count("fork") == 8) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
}

TEST_F(PrimaryTest, DrainFromTheForkEventStartsNoMore) {
  Make("serve", 5);
  observer_.on_event = [this](const WorkerEvent& event) {
    if (event.worker_id == 2) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("fork"), 2);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

// Between them the loop serves all else: signals, operators, other workers.
TEST_F(PrimaryTest, ManyWorkersAreForkedInTurns) {
  constexpr int kWorkers = 2 * ForkQueue::kAtOnce;
  Make("serve", kWorkers);
  ASSERT_TRUE(primary_->Start().ok());
  EXPECT_EQ(observer_.Count("fork"), kWorkers / 2);
  EXPECT_FALSE(observer_.accepts) << "the first would get all there is";
  DrainWhenListening(kWorkers);
  EXPECT_EQ(primary_->Run().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_TRUE(observer_.accepts);
  EXPECT_EQ(observer_.Count("exit"), kWorkers);
}

// What waits in the backlog meanwhile is served, and nobody else is forked.
TEST_F(PrimaryTest, DrainWhileWorkersAreForkedForksNoMore) {
  constexpr int kWorkers = 4 * ForkQueue::kAtOnce;
  Make("serve", kWorkers);
  loopback_.Connect(1);
  ASSERT_TRUE(primary_->Start().ok());
  boost::asio::post(io_, [this] { primary_->Drain(); });
  EXPECT_EQ(primary_->Run().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_LT(observer_.Count("fork"), kWorkers);
  EXPECT_EQ(observer_.Count("exit"), observer_.Count("fork"));
  EXPECT_FALSE(observer_.accepts);
  EXPECT_EQ(primary_->Snapshot().ledger.accepted(), 1u);
}

TEST_F(PrimaryTest, KillAllFromAnEventEnds) {
  Make("serve", 2);
  observer_.on_event = [this](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kListening) primary_->KillAll();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kKilled);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

// The workers take none of them.
TEST_F(PrimaryTest, KillAllHandsNothingOnToDyingWorkers) {
  Make("serve", 2);
  uint64_t before = 0;
  const std::function<void()> kill_when_handed_off = [&] {
    const ListenerGroup::Accounts books = primary_->Snapshot();
    if (books.handed_off < 8) {
      boost::asio::post(io_, kill_when_handed_off);
      return;
    }
    before = books.ledger.redispatched();
    primary_->KillAll();
  };
  bool due = false;
  observer_.on_event = [&](const WorkerEvent&) {
    if (observer_.Count("listening") != 2 || std::exchange(due, true)) return;
    loopback_.Connect(8);  // both get some
    boost::asio::post(io_, kill_when_handed_off);
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kKilled);
  const ListenerGroup::Accounts books = primary_->Snapshot();
  EXPECT_EQ(books.ledger.redispatched(), before);
  EXPECT_EQ(books.ledger.accepted(), 8u);
  EXPECT_EQ(books.ledger.refused(), 8u);
  EXPECT_EQ(books.live, 0u);
}

// ---- The kernel says no

TEST_F(PrimaryTest, StartFailsWhenNoWorkerCanBeStarted) {
  Make("serve", 3);
  DenyDescriptors();
  EXPECT_FALSE(primary_->Start().ok());
}

TEST_F(PrimaryTest, WorkerThatCannotBeReplacedNowIsTriedAgain) {
  Make("serve", 2);
  pid_t victim = 0;
  observer_.on_event = [&](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kListening) {
      if (event.worker_id == 1) kill(victim = event.pid, SIGKILL);
      // The two that are left, however they are numbered.
      if (observer_.Count("listening") == 3) primary_->Drain();
    }
    if (event.kind == WorkerEventKind::kExit && event.pid == victim) {
      DenyDescriptors();
    }
    if (event.kind == WorkerEventKind::kError) AllowDescriptors();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("error"), 1);
  EXPECT_EQ(observer_.Count("fork"), 3);
}

// Which of its descriptors the kernel will not watch is all the same.
TEST_F(PrimaryTest, WorkerThatCannotBeWatchedIsKilledAndTriedAgain) {
  Make("serve", 2);
  std::optional<RefusedCall> refused;
  observer_.on_event = [&](const WorkerEvent& event) {
    const int64_t errors = observer_.Count("error");
    if (event.kind == WorkerEventKind::kFork && event.worker_id == 1) {
      refused.emplace(RefusedCall::kEpollAdd, ENOSPC, /*after=*/1);
    }
    if (event.kind == WorkerEventKind::kError) {
      EXPECT_THAT(event.detail, HasSubstr("ENOSPC"));
      EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), 0) << "a zombie is left";
      if (errors == 2) refused.reset();
    }
    if (observer_.Count("listening") == 2) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_EQ(observer_.Count("error"), 2);
  EXPECT_EQ(observer_.Count("fork"), 2);
  EXPECT_EQ(observer_.Count("exit"), 2);
}

TEST_F(PrimaryTest, DestroyedWithWorkersKillsThem) {
  Make("serve", 2);
  ASSERT_TRUE(primary_->Start().ok());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), 0) << "they run";
  primary_.reset();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "and are reaped";
}

// ---- Workers that make no sense

TEST_F(PrimaryTest, WorkerThatAsksTwiceForAListenerIsCutOff) {
  Make("ask twice");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("asks for a listener twice"));
}

TEST_F(PrimaryTest, WorkerThatAsksForNoListenerIsCutOff) {
  Make("ask for nothing");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("listener that there is not"));
}

TEST_F(PrimaryTest, WorkerThatListensUnaskedIsCutOff) {
  Make("listen unasked");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("did not ask to"));
}

TEST_F(PrimaryTest, UnknownFrameCutsTheWorkerOff) {
  Make("babble");
  EXPECT_THAT(StartAndRun().reason, HasSubstr("unknown type 999"));
}

// Each notice would otherwise be answered, and the answers kept.
TEST_F(PrimaryTest, WorkerThatFloodsNoticesIsAnsweredOnce) {
  Make("flood");
  observer_.on_event = [this](const WorkerEvent& event) {
    if (event.kind == WorkerEventKind::kExit) primary_->Drain();
  };
  EXPECT_EQ(StartAndRun().kind, PrimaryEnd::Kind::kDrained);
  EXPECT_THAT(observer_.events, Contains(HasSubstr("exited with code 1")))
      << "the number of answers";
}

// ---- The worker

class ScriptedWorker {
 public:
  template <class Message>
  void Say(FrameType type, const Message& message) {
    channel_.Send(static_cast<uint16_t>(type), Encode(message));
    (void)channel_.Flush();
  }
  void Say(FrameType type) {
    channel_.Send(static_cast<uint16_t>(type), {});
    (void)channel_.Flush();
  }

  // Answers as a good worker does until it is drained or alone. Returns how
  // many drains it got.
  int Serve() {
    int drains = 0;
    absl::Status status;
    while (status.ok() && drains == 0) {
      pollfd poll_fd = {channel_.fd(), POLLIN, 0};
      poll(&poll_fd, 1, -1);
      status = channel_.OnReadable([&](Frame frame) {
        const auto type = static_cast<FrameType>(frame.type);
        if (type == FrameType::kStart) Say(FrameType::kListen, ListenRequest{});
        if (type == FrameType::kListenReply) {
          Say(FrameType::kListening, ListeningNotice{});
        }
        if (type == FrameType::kDrain) ++drains;
      });
    }
    return drains;
  }

 private:
  UnixChannel channel_{UniqueFd(3)};
};

int BeWorker(const std::string& does) {
  ScriptedWorker worker;
  worker.Say(FrameType::kOnline);
  if (does == "leave") worker.Say(FrameType::kDisconnect);
  if (does == "ask twice") worker.Say(FrameType::kListen, ListenRequest{});
  if (does == "ask for nothing") {
    worker.Say(FrameType::kListen, ListenRequest{.listener = 1});
  }
  if (does == "listen unasked") {
    worker.Say(FrameType::kListening, ListeningNotice{});
  }
  if (does == "babble") worker.Say(FrameType{999});
  if (does == "flood") {
    for (int i = 0; i < 1'000; ++i) worker.Say(FrameType::kDisconnect);
    return worker.Serve();
  }
  worker.Serve();
  return 0;
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  if (const char* does = getenv("PRIMARY_TEST_WORKER")) {
    _exit(cluster::BeWorker(does));
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
