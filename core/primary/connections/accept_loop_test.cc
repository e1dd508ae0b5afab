#include "core/primary/connections/accept_loop.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/gathering.h"
#include "core/control/data_path.h"
#include "core/event_loop/alarm.h"
#include "core/event_loop/refused_call.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/connections/ledger.h"
#include "core/primary/connections/slot.h"
#include "core/primary/testing/fake_worker.h"
#include "core/primary/testing/loopback.h"
#include "ipc/open_fds.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

using std::chrono::milliseconds;

// Of one that gathers as soon as it accepts at all, and on: how fast the
// machine accepts does not matter.
constexpr GatheringRates kAlways = {.start = 1, .stop = 0};

// The soft limit on descriptors, put back at the end.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = limit;
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

  // As many as are open now: not one more can be opened.
  static DescriptorLimit None() {
    const UniqueFd lowest(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return DescriptorLimit(static_cast<rlim_t>(lowest.get()));
  }

 private:
  rlimit before_;
};

class AcceptLoopTest : public ::testing::Test {
 protected:
  void Make(size_t pending_capacity,
            int64_t gather_ns = 0,
            std::function<void(const absl::Status&)> on_trouble = {}) {
    dispatcher_ = std::make_unique<Dispatcher>(
        0,
        *MakePolicy("round_robin", 1),
        DispatchOptions{.pending_capacity = pending_capacity},
        ledger_);
    loop_ = std::make_unique<AcceptLoop>(io_,
                                         loopback_.TakeListener(),
                                         *dispatcher_,
                                         ledger_,
                                         next_id_,
                                         Gathering(gather_ns, kAlways),
                                         [this] { ++rounds_; });
    loop_->OnTrouble(std::move(on_trouble));
    loop_->Start();
  }

  // Runs until `count` were accepted; how long is the machine's business.
  void RunUntilAccepted(uint64_t count) {
    while (ledger_.accepted() < count) RunOne();
  }
  void RunOne() {
    io_.restart();
    io_.run_one_for(milliseconds(10));
  }
  // Runs what is ready. Returns how many handlers.
  size_t Poll() {
    io_.restart();
    return io_.poll();
  }

  // Runs until the loop comes back to accept though nobody is there.
  void RunUntilItGathers() {
    int rounds;
    do {
      const uint64_t before = ledger_.accepted();
      loopback_.Connect(1);
      RunUntilAccepted(before + 1);
      Poll();
      rounds = rounds_;
      RunOne();
    } while (rounds_ == rounds);
  }

  boost::asio::io_context io_{1};
  Loopback loopback_{4'096};
  Ledger ledger_;
  uint64_t next_id_ = 1;
  std::unique_ptr<Slot> slot_ = *Slot::Create(0, 1, DataPath::kHandoff);
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<AcceptLoop> loop_;
  int rounds_ = 0;
};

TEST_F(AcceptLoopTest, AcceptsAllInOneRoundAndDispatches) {
  Make(10);
  dispatcher_->Add(*slot_);
  loopback_.Connect(3);
  RunUntilAccepted(3);
  EXPECT_EQ(rounds_, 1);
  FakeWorker worker(slot_->page().streams[0], slot_->stream(0).receiver());
  EXPECT_EQ(worker.Receive(), 3u);
  EXPECT_EQ(worker.Start(), (std::vector<uint64_t>{1, 2, 3}));
}

TEST_F(AcceptLoopTest, RestsWhenThereIsNothing) {
  Make(10);
  loopback_.Connect(1);
  RunUntilAccepted(1);
  Poll();
  EXPECT_EQ(Poll(), 0u);
}

TEST_F(AcceptLoopTest, StopsWithoutRoomAndResumes) {
  Make(2);
  loopback_.Connect(5);
  RunUntilAccepted(2);
  Poll();
  const int rounds = rounds_;
  EXPECT_EQ(Poll(), 0u) << "the backlog must not wake it";
  loop_->Resume();
  EXPECT_EQ(ledger_.accepted(), 2u) << "there is no room yet";
  Poll();

  dispatcher_->Add(*slot_);
  loop_->Resume();
  EXPECT_EQ(ledger_.accepted(), 5u);
  EXPECT_GT(rounds_, rounds);
  loopback_.Connect(1);
  RunUntilAccepted(6);
}

TEST_F(AcceptLoopTest, ResumeDoesNothingWhileItAccepts) {
  Make(10);
  loop_->Resume();
  EXPECT_EQ(rounds_, 0);
}

TEST_F(AcceptLoopTest, PausesWithoutDescriptorsAndRecovers) {
  Make(10);
  std::vector<std::string> troubles;
  loop_->OnTrouble([&](const absl::Status& status) {
    troubles.emplace_back(status.message());
  });
  loopback_.Connect(3);
  {
    const DescriptorLimit limit = DescriptorLimit::None();
    while (rounds_ < 2) RunOne();
    EXPECT_EQ(ledger_.accepted(), 0u);
    EXPECT_THAT(troubles, testing::ElementsAre(testing::HasSubstr("EMFILE")))
        << "told once, not in each round";
    EXPECT_EQ(Poll(), 0u) << "it waits, and is not woken in a loop";
  }
  RunUntilAccepted(3);
  EXPECT_EQ(dispatcher_->pending(), 3u);
}

TEST_F(AcceptLoopTest, AcceptsWithoutAWatchAndWatchesWhenItCan) {
  const Alarm first(io_);  // with it Asio makes the epoll that it works with
  std::vector<std::string> troubles;
  {
    const RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC);
    Make(10, 0, [&](const absl::Status& status) {
      troubles.emplace_back(status.message());
    });
    loopback_.Connect(1);
    RunUntilAccepted(1);
    loopback_.Connect(1);
    RunUntilAccepted(2);
    EXPECT_THAT(troubles, testing::ElementsAre(testing::HasSubstr("ENOSPC")));
  }
  const int rounds = rounds_;
  while (rounds_ == rounds) RunOne();
  EXPECT_EQ(Poll(), 0u) << "it is woken, and does not look by itself";
  loopback_.Connect(1);
  RunUntilAccepted(3);
}

TEST_F(AcceptLoopTest, AcceptsWithoutAWatchWhileItGathers) {
  Make(1'000, /*gather_ns=*/100'000);
  RunUntilItGathers();
  const RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC);
  const uint64_t before = ledger_.accepted();
  loopback_.Connect(1);
  RunUntilAccepted(before + 1);
  EXPECT_EQ(RefusedCall::count(), 0u) << "it asked to be told";
}

TEST_F(AcceptLoopTest, RestsAfterSomeEmptyRoundsAndIsWoken) {
  Make(1'000, /*gather_ns=*/100'000);
  RunUntilItGathers();
  const int begin = rounds_;
  do {
    io_.restart();
  } while (io_.run_one_for(milliseconds(100)) > 0);
  EXPECT_GE(rounds_ - begin, 4) << "a short gap is no reason to rest";
  EXPECT_LE(rounds_ - begin, 8) << "one was empty before";
  const uint64_t before = ledger_.accepted();
  loopback_.Connect(1);
  RunUntilAccepted(before + 1);
}

TEST_F(AcceptLoopTest, CloseTakesAllTheBacklog) {
  const DescriptorLimit limit(4'096);
  Make(2'000);
  loopback_.Connect(1'300);
  ASSERT_EQ(loopback_.connected(), 1'300u);
  loop_->Close();
  EXPECT_EQ(ledger_.accepted(), 1'300u);
  EXPECT_EQ(dispatcher_->pending(), 1'300u);
}

TEST_F(AcceptLoopTest, CloseTellsWhyItLeavesTheBacklog) {
  std::vector<std::string> troubles;
  Make(10, 0, [&](const absl::Status& status) {
    troubles.emplace_back(status.message());
  });
  loopback_.Connect(3);
  const DescriptorLimit limit = DescriptorLimit::None();
  loop_->Close();
  EXPECT_THAT(troubles, testing::ElementsAre(testing::HasSubstr("EMFILE")));
}

TEST_F(AcceptLoopTest, CloseClosesTheListenerForGood) {
  Make(10);
  const size_t before = OpenFds();
  loop_->Close();
  EXPECT_EQ(OpenFds(), before - 1);
  loopback_.Connect(1);
  EXPECT_EQ(loopback_.connected(), 0u);
  loop_->Close();
  loop_->Resume();
  Poll();
  EXPECT_EQ(rounds_, 0);
}

TEST_F(AcceptLoopTest, CloseWhilePausedEndsThePause) {
  Make(10);
  loopback_.Connect(1);
  {
    const DescriptorLimit limit = DescriptorLimit::None();
    while (rounds_ == 0) RunOne();
  }
  loop_->Close();
  EXPECT_EQ(ledger_.accepted(), 1u);
  const int rounds = rounds_;
  io_.restart();
  io_.run();
  EXPECT_EQ(rounds_, rounds);
}

TEST_F(AcceptLoopTest, ClientThatLeftIsAcceptedLikeAny) {
  Make(10);
  loopback_.Connect(2);
  loopback_.Disconnect();
  RunUntilAccepted(2);
  EXPECT_EQ(dispatcher_->pending(), 2u);
}

// Its owner may go while a timer is due: the handler must not touch it.
TEST_F(AcceptLoopTest, DestroyedWhilePausedIsNotTouched) {
  Make(10);
  loopback_.Connect(1);
  {
    const DescriptorLimit limit = DescriptorLimit::None();
    while (rounds_ == 0) RunOne();
  }
  loop_.reset();
  io_.restart();
  io_.run();
  EXPECT_EQ(ledger_.accepted(), 0u);
}

// Such as by a security module, of which a connection is no part.
TEST_F(AcceptLoopTest, ErrorsOfConnectionsWithoutEndEndTheRound) {
  Make(10);
  std::vector<std::string> troubles;
  loop_->OnTrouble([&](const absl::Status& status) {
    troubles.emplace_back(status.message());
  });
  loopback_.Connect(1);
  {
    const RefusedCall refused(RefusedCall::kAccept4, EPERM);
    while (rounds_ == 0) RunOne();
    EXPECT_LE(RefusedCall::count(), 512u);
    loop_->Close();
    EXPECT_LE(RefusedCall::count(), 1'024u);
  }
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_THAT(troubles[0], testing::HasSubstr("EPERM"));
}

TEST_F(AcceptLoopTest, ErrorsOfConnectionsThatEndAreForgotten) {
  Make(10);
  dispatcher_->Add(*slot_);
  loopback_.Connect(1);
  {
    const RefusedCall refused(RefusedCall::kAccept4, ECONNABORTED);
    while (rounds_ == 0) RunOne();
  }
  RunUntilAccepted(1);
}

}  // namespace
}  // namespace cluster
