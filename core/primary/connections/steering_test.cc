#include "core/primary/connections/steering.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/base/gathering.h"
#include "core/base/unique_fd.h"
#include "core/control/data_path.h"
#include "core/primary/connections/accept_loop.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/connections/ledger.h"
#include "core/primary/connections/slot.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "ipc/open_fds.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

class SteeringTest : public ::testing::Test {
 protected:
  void Make(uint32_t slots, SteerOptions options = {}) {
    options_ = std::move(options);
    UniqueFd first = *OpenListener(*ParseListenAddress("127.0.0.1:0"));
    address_ = *LocalAddress(first.get());
    steering_ = *Steering::Create(
        std::move(first),
        {.io = io_,
         .listener = 0,
         .backlog = 64,
         .options = options_,
         .make_accept_loop =
             [this](UniqueFd socket) {
               return std::make_unique<AcceptLoop>(
                   io_,
                   std::move(socket),
                   *dispatcher_,
                   ledger_,
                   next_id_,
                   Gathering(0, AcceptLoop::kGatheringRates),
                   [] {});
             },
         .on_trouble =
             [](const absl::Status& status) { ADD_FAILURE() << status; }});
    for (uint32_t i = 0; i < slots; ++i) {
      slots_.push_back(*Slot::Create(i, 1, DataPath::kSteer));
      ASSERT_TRUE(steering_->AddSlot(*slots_.back()).ok());
    }
    steering_->Start();
  }

  std::unique_ptr<Dispatcher> MakeDispatcher(const DispatchOptions& options) {
    return std::make_unique<Dispatcher>(
        0, *MakePolicy("round_robin", 1), options, ledger_);
  }

  void Connect(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      clients_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      ASSERT_EQ(connect(clients_.back().get(),
                        reinterpret_cast<const sockaddr*>(&address_.storage),
                        address_.length),
                0);
    }
  }

  // What the slot's worker would accept now; it counts them, as a worker does.
  size_t AcceptAs(uint32_t slot) {
    size_t count = 0;
    for (;;) {
      const UniqueFd fd(accept4(
          steering_->socket(*slots_[slot]), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd) return count;
      ++count;
      slots_[slot]->page().accepted.fetch_add(1);
    }
  }

  // Runs until the primary has accepted `count` in all.
  void RunUntilAccepted(uint64_t count) {
    while (ledger_.accepted() < count) {
      ASSERT_EQ(io_.run_one_for(std::chrono::seconds(10)), 1u);
    }
  }

  boost::asio::io_context io_{1};
  Ledger ledger_;
  std::unique_ptr<Dispatcher> dispatcher_ = MakeDispatcher({});
  uint64_t next_id_ = 1;
  SteerOptions options_;
  ListenAddress address_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::unique_ptr<Steering> steering_;
  std::vector<UniqueFd> clients_;
};

TEST_F(SteeringTest, PrimaryTakesWhereNoWorkerDoes) {
  Make(2);
  Connect(10);
  RunUntilAccepted(10);
}

TEST_F(SteeringTest, KernelPicksOnlyThoseThatTake) {
  Make(3);
  steering_->Serve(*slots_[1]);
  Connect(10);
  EXPECT_EQ(AcceptAs(1), 10u);
  steering_->Serve(*slots_[2]);
  steering_->Withdraw(*slots_[1]);
  Connect(10);
  EXPECT_EQ(AcceptAs(2), 10u);
}

TEST_F(SteeringTest, QueueOfAWorkerThatLeftIsThePrimarys) {
  Make(2);
  steering_->Serve(*slots_[0]);
  Connect(5);
  steering_->Withdraw(*slots_[0]);
  RunUntilAccepted(5);
  // And its successor's.
  steering_->Serve(*slots_[0]);
  Connect(5);
  EXPECT_EQ(AcceptAs(0), 5u);
}

// The primary has nobody to give it to, and nothing may wait.
TEST_F(SteeringTest, SuccessorInheritsWhatThePrimaryHasNoRoomFor) {
  dispatcher_ = MakeDispatcher({.pending_capacity = 0});
  Make(2);
  for (const auto& slot : slots_) steering_->Serve(*slot);
  Connect(40);
  steering_->Withdraw(*slots_[0]);
  io_.poll();
  steering_->Serve(*slots_[0]);
  const size_t inherited = AcceptAs(0);
  EXPECT_GT(inherited, 0u);
  EXPECT_EQ(inherited + AcceptAs(1), 40u);
  EXPECT_EQ(ledger_.accepted(), 0u);
}

TEST_F(SteeringTest, WorkerThatStandsStillIsSteeredPastUntilItLives) {
  Make(2);
  steering_->Serve(*slots_[0]);
  Connect(5);
  RunUntilAccepted(5);
  EXPECT_TRUE(slots_[0]->suspect());
  steering_->Serve(*slots_[1]);
  Connect(10);
  EXPECT_EQ(AcceptAs(1), 10u);
  slots_[0]->ShowsLife();
  steering_->Restore(*slots_[0]);
  steering_->Withdraw(*slots_[1]);
  Connect(10);
  EXPECT_EQ(AcceptAs(0), 10u);
}

TEST_F(SteeringTest, WorkerThatTakesIsLeftAlone) {
  Make(1);
  steering_->Serve(*slots_[0]);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  size_t taken = 0;
  while (std::chrono::steady_clock::now() < end) {
    Connect(1);
    taken += AcceptAs(0);
    io_.run_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(taken, clients_.size());
  EXPECT_EQ(ledger_.accepted(), 0u);
}

TEST_F(SteeringTest, CpuOfAWorkerThatLeftGoesToTheNext) {
  // The test's own CPU is one of these two; all others hash.
  Make(2, {.cpus = {0, 1}});
  steering_->Serve(*slots_[0]);
  steering_->Serve(*slots_[1]);
  Connect(10);
  EXPECT_EQ(AcceptAs(0) + AcceptAs(1), 10u);
  steering_->Withdraw(*slots_[1]);
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  if (CPU_ISSET(1, &before)) {
    cpu_set_t second;
    CPU_ZERO(&second);
    CPU_SET(1, &second);
    ASSERT_EQ(sched_setaffinity(0, sizeof(second), &second), 0);
    Connect(10);
    EXPECT_EQ(AcceptAs(0), 10u);
    ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
  }
}

TEST_F(SteeringTest, SlotThatHasNoCpuOrComesTooLateIsRefused) {
  Make(2, {.cpus = {0, 1}});
  slots_.push_back(*Slot::Create(2, 1, DataPath::kSteer));
  EXPECT_TRUE(absl::IsResourceExhausted(steering_->AddSlot(*slots_[2])));
  steering_->Close();
  EXPECT_EQ(ErrnoOf(steering_->AddSlot(*slots_[2])), ESHUTDOWN);
}

TEST_F(SteeringTest, CloseTakesWhatWaitsAndLeavesNoDescriptor) {
  const size_t before = OpenFds();
  {
    Make(3);
    const size_t unconnected = OpenFds();
    Connect(10);
    EXPECT_GE(OpenFds(), unconnected + 10);
    steering_->Close();
    EXPECT_EQ(ledger_.accepted(), 10u);
    dispatcher_->RefuseAll();
    clients_.clear();
    slots_.clear();
    steering_.reset();
  }
  // Asio's own, made with the first watch, are the io_context's.
  EXPECT_LE(OpenFds(), before + 3);
}

}  // namespace
}  // namespace cluster
