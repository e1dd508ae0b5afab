#include "core/primary/listeners/listener_group.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/event_loop/refused_call.h"
#include "core/primary/testing/fake_worker.h"
#include "core/primary/testing/loopback.h"
#include "ipc/address.h"
#include "ipc/descriptor_limit.h"
#include "ipc/listener.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using std::chrono::milliseconds;

class ListenerGroupTest : public ::testing::Test {
 protected:
  void Make(DataPath data_path) {
    std::vector<UniqueFd> sockets;
    sockets.push_back(loopback_.TakeListener());
    group_ = *ListenerGroup::Create(
        io_, std::move(sockets), {.data_path = data_path});
    slot_ = *group_->AddSlot();
  }

  // Runs until `done`; how long that takes is the machine's business.
  template <class Done>
  void RunUntil(Done done) {
    while (!done()) io_.run_one_for(milliseconds(10));
  }

  absl::StatusOr<Slot*> AddSlotWithRoomFor(int descriptors) {
    const DescriptorLimit limit(descriptors);
    return group_->AddSlot();
  }

  int64_t Imbalance() {
    const Accounts accounts = group_->Snapshot();
    return accounts.ledger.imbalance(accounts.live);
  }

  boost::asio::io_context io_{1};
  Loopback loopback_;
  std::unique_ptr<ListenerGroup> group_;
  Slot* slot_ = nullptr;
};

TEST_F(ListenerGroupTest, UnknownPolicyIsInvalid) {
  std::vector<UniqueFd> sockets;
  sockets.push_back(loopback_.TakeListener());
  const auto group =
      ListenerGroup::Create(io_, std::move(sockets), {.policy = "best"});
  EXPECT_TRUE(absl::IsInvalidArgument(group.status()));
}

// Wherever on the way the kernel refuses.
TEST_F(ListenerGroupTest, SlotThatCannotBeAddedLeavesNothingBehind) {
  Loopback other;
  std::vector<UniqueFd> sockets;
  sockets.push_back(loopback_.TakeListener());
  sockets.push_back(other.TakeListener());
  group_ = *ListenerGroup::Create(
      io_, std::move(sockets), {.data_path = DataPath::kSteer});
  group_->Start();
  ASSERT_TRUE(group_->AddSlot().ok());
  int refused = 0;
  while (slot_ == nullptr) {
    const size_t before = OpenFds();
    if (const auto slot = AddSlotWithRoomFor(refused); slot.ok()) {
      slot_ = *slot;
    } else {
      EXPECT_EQ(OpenFds(), before) << refused;
      ++refused;
    }
  }
  EXPECT_GT(refused, 5) << "also behind the first of the two listeners";

  group_->Serve(*slot_, 0);
  loopback_.Connect(10);
  io_.poll();
  const std::vector<UniqueFd> sources = *group_->AcceptorFor(*slot_, 0);
  for (int i = 0; i < 10; ++i) {
    // A client is connected a moment before its connection is in the queue.
    pollfd source = {
        .fd = sources.back().get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&source, 1, 10'000), 1) << "somebody else took it";
    EXPECT_TRUE(UniqueFd(accept4(source.fd, nullptr, nullptr, SOCK_CLOEXEC)));
  }
}

// What a worker of `slot` would accept now.
size_t AcceptAs(ListenerGroup& group, Slot& slot, uint32_t listener) {
  const std::vector<UniqueFd> sources = *group.AcceptorFor(slot, listener);
  size_t count = 0;
  while (
      UniqueFd(accept4(sources.back().get(), nullptr, nullptr, SOCK_CLOEXEC))) {
    ++count;
  }
  return count;
}

// The first of two listeners has the new program when the second is refused
// it: both go on by the old one.
TEST_F(ListenerGroupTest, WeightThatTheKernelRefusesChangesNothing) {
  Loopback other;
  std::vector<UniqueFd> sockets;
  sockets.push_back(loopback_.TakeListener());
  sockets.push_back(other.TakeListener());
  group_ = *ListenerGroup::Create(
      io_,
      std::move(sockets),
      {.data_path = DataPath::kSteer, .policy = "least_connections"});
  std::vector<absl::Status> troubles;
  group_->Start(
      [&](const absl::Status& status) { troubles.push_back(status); });
  slot_ = *group_->AddSlot();
  Slot& second = *(*group_->AddSlot());
  for (const uint32_t listener : {0, 1}) {
    group_->Serve(*slot_, listener);
    group_->Serve(second, listener);
  }
  {
    const RefusedCall refused(
        RefusedCall::kSetsockopt, ENOMEM, /*after=*/1, /*times=*/1);
    EXPECT_EQ(ErrnoOf(group_->SetWeight(*slot_, 65'536)), ENOMEM);
  }
  EXPECT_EQ(group_->weight(*slot_), 1u);
  loopback_.Connect(60);
  other.Connect(60);
  for (const uint32_t listener : {0, 1}) {
    EXPECT_GT(AcceptAs(*group_, second, listener), 0u) << listener;
  }
  EXPECT_TRUE(troubles.empty());
}

TEST_F(ListenerGroupTest, SlotIsAddedBesideAListenerThatIsShut) {
  Make(DataPath::kSteer);
  Loopback other;
  UniqueFd stream = other.TakeListener();
  const ListenAddress bound = *LocalAddress(stream.get());
  const uint32_t shut_stream = *group_->Open(std::move(stream), bound);
  const ListenAddress udp = *ParseListenAddress("udp:127.0.0.1:0");
  UniqueFd datagrams = *OpenListener(udp);
  const ListenAddress bound_udp = *LocalAddress(datagrams.get());
  const uint32_t shut_udp = *group_->Open(std::move(datagrams), bound_udp);
  group_->ShutListener(shut_stream);
  group_->ShutListener(shut_udp);
  Slot* const added = *group_->AddSlot();
  EXPECT_TRUE(group_->AcceptorFor(*added, 0).ok());
  for (const uint32_t shut : {shut_stream, shut_udp}) {
    EXPECT_EQ(ErrnoOf(group_->AcceptorFor(*added, shut).status()), ESHUTDOWN);
  }
}

TEST_F(ListenerGroupTest, NoSlotIsAddedAfterCloseWhereTheKernelPicks) {
  Make(DataPath::kSteer);
  const ListenAddress udp = *ParseListenAddress("udp:127.0.0.1:0");
  UniqueFd datagrams = *OpenListener(udp);
  const ListenAddress bound = *LocalAddress(datagrams.get());
  ASSERT_TRUE(group_->Open(std::move(datagrams), bound).ok());
  group_->Close();
  EXPECT_EQ(ErrnoOf(group_->AddSlot().status()), ESHUTDOWN);
}

TEST_F(ListenerGroupTest, ConnectionsReachTheWorkerThatServes) {
  Make(DataPath::kHandoff);
  group_->Start();
  group_->Serve(*slot_, 0);
  loopback_.Connect(3);
  FakeWorker worker(slot_->page().streams[0], slot_->stream(0).receiver());
  RunUntil([&] {
    worker.Receive();
    return worker.received() == 3;
  });
  EXPECT_EQ(Imbalance(), 0);
}

// What waits for a worker is looked after every few milliseconds, not in a
// loop that never rests.
TEST_F(ListenerGroupTest, WaitingForTheFirstWorkerDoesNotSpin) {
  Make(DataPath::kHandoff);
  group_->Start();
  loopback_.Connect(1);
  RunUntil([&] { return group_->pending() == 1; });
  EXPECT_LE(io_.run_for(milliseconds(20)), 10u);
}

TEST_F(ListenerGroupTest, CloseTakesTheBacklogAndKeepsItForTheWorkers) {
  Make(DataPath::kHandoff);
  group_->Start();
  loopback_.Connect(5);
  group_->Close();
  EXPECT_EQ(group_->pending(), 5u);
  group_->Serve(*slot_, 0);
  EXPECT_EQ(group_->pending(), 0u);
  EXPECT_EQ(Imbalance(), 0);
}

TEST_F(ListenerGroupTest, RefusePendingIsInTheBooks) {
  Make(DataPath::kHandoff);
  group_->Start();
  loopback_.Connect(2);
  group_->Close();
  group_->RefusePending();
  EXPECT_EQ(group_->Snapshot().ledger.refused(), 2u);
  EXPECT_EQ(Imbalance(), 0);
}

// What would have asked it for a sign of life is taken back, too.
TEST_F(ListenerGroupTest, WorkerThatStoodStillAndIsNotReadyIsNoSuspectLater) {
  Make(DataPath::kHandoff);
  Slot& quick = **group_->AddSlot();
  group_->Start();
  group_->Serve(*slot_, 0);
  group_->Serve(quick, 0);
  loopback_.Connect(2);
  FakeWorker worker(quick.page().streams[0], quick.stream(0).receiver());
  RunUntil([&] {
    worker.Receive();
    worker.Start();
    return slot_->suspect();
  });
  group_->TakeBack(*slot_);
  group_->Serve(*slot_, 0);
  EXPECT_FALSE(slot_->suspect());
}

TEST_F(ListenerGroupTest, DeathGivesTheUnstartedToAnother) {
  Make(DataPath::kHandoff);
  group_->Start();
  group_->Serve(*slot_, 0);
  loopback_.Connect(2);
  group_->Close();
  Slot* const other = *group_->AddSlot();
  group_->Serve(*other, 0);
  group_->TakeBack(*slot_);
  group_->CloseBooks(*slot_);
  FakeWorker worker(other->page().streams[0], other->stream(0).receiver());
  EXPECT_EQ(worker.Receive(), 2u);
  EXPECT_EQ(Imbalance(), 0);
}

TEST_F(ListenerGroupTest, AcceptorOfNoListenerIsInvalid) {
  Make(DataPath::kHandoff);
  EXPECT_TRUE(absl::IsInvalidArgument(group_->AcceptorFor(*slot_, 1).status()));
}

// A worker may ask after the drain has begun.
TEST_F(ListenerGroupTest, AcceptorAfterCloseIsRefusedForShare) {
  Make(DataPath::kShare);
  EXPECT_TRUE(group_->AcceptorFor(*slot_, 0).ok());
  group_->Close();
  EXPECT_NE(ErrnoOf(group_->AcceptorFor(*slot_, 0).status()), 0);
}

// The successor's file may have the inode of the one before.
TEST_F(ListenerGroupTest, SocketFileGoesWithTheSocketAndASuccessorsStays) {
  char directory[] = "/tmp/listener_group_test.XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string path = absl::StrCat(directory, "/socket");
  const ListenAddress address =
      *ParseListenAddress(absl::StrCat("unix:", path));
  std::vector<UniqueFd> sockets;
  sockets.push_back(*OpenListener(address));
  group_ = *ListenerGroup::Create(
      io_, std::move(sockets), {.data_path = DataPath::kHandoff});
  group_->Start();
  group_->Close();
  EXPECT_FALSE(std::filesystem::exists(path));
  const UniqueFd successor = *OpenListener(address);
  group_->Close();
  group_->ShutListener(0);
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove_all(directory);
}

TEST_F(ListenerGroupTest, CloseBeforeStartLeavesNothingToStart) {
  Make(DataPath::kHandoff);
  group_->Close();
  group_->Start();
  EXPECT_EQ(io_.poll(), 0u);
}

}  // namespace
}  // namespace cluster
