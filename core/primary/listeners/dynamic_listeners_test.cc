#include "core/primary/listeners/dynamic_listeners.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "core/control/listener_messages.h"
#include "core/primary/connections/slot.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/testing/loopback.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

constexpr char kAnyPort[] = "127.0.0.1:0";

// Two slots, and one listener of the host's own, number 0.
class DynamicListenersTest : public ::testing::Test {
 protected:
  DynamicListenersTest() {
    std::vector<UniqueFd> sockets;
    sockets.push_back(loopback_.TakeListener());
    group_ = *ListenerGroup::Create(io_, std::move(sockets), {});
    slot_ = *group_->AddSlot();
    other_ = *group_->AddSlot();
    group_->Start();
  }

  void Make(absl::Duration due_back = absl::Hours(1)) {
    listeners_ = std::make_unique<DynamicListeners>(
        io_, *group_, DynamicListeners::Options{.due_back = due_back});
  }

  absl::StatusOr<uint32_t> Open(const Slot& slot,
                                const std::string& address = kAnyPort,
                                uint32_t flags = 0) {
    return listeners_->Open(slot, {.flags = flags, .address = address});
  }
  bool IsOpen(uint32_t listener) {
    return group_->listener(listener) != nullptr;
  }
  void RunUntilClosed(uint32_t listener) {
    while (IsOpen(listener)) io_.run_one_for(std::chrono::milliseconds(10));
  }

  boost::asio::io_context io_{1};
  Loopback loopback_;
  std::unique_ptr<ListenerGroup> group_;
  Slot* slot_ = nullptr;
  Slot* other_ = nullptr;
  std::unique_ptr<DynamicListeners> listeners_;
};

TEST_F(DynamicListenersTest, TheLastHolderCloses) {
  Make();
  const uint32_t listener = *Open(*slot_);
  EXPECT_EQ(*Open(*other_), listener);
  listeners_->Release(*slot_, listener);
  EXPECT_TRUE(IsOpen(listener));
  listeners_->Release(*other_, listener);
  EXPECT_FALSE(IsOpen(listener));
}

TEST_F(DynamicListenersTest, RealPortNamesTheSameListener) {
  Make();
  const uint32_t listener = *Open(*slot_);
  EXPECT_EQ(*Open(*other_, group_->listener(listener)->facts.text), listener);
}

TEST_F(DynamicListenersTest, NthPortZeroIsOneWithTheNthOfOthers) {
  Make();
  const uint32_t first = *Open(*slot_);
  const uint32_t second = *Open(*slot_);
  EXPECT_NE(first, second);
  EXPECT_EQ(*Open(*other_), first);
  EXPECT_EQ(*Open(*other_), second);
}

TEST_F(DynamicListenersTest, PortZeroCountsOnUntilAllAreClosed) {
  Make();
  const uint32_t first = *Open(*slot_);
  const uint32_t second = *Open(*slot_);
  EXPECT_EQ(*Open(*other_), first);
  listeners_->Release(*slot_, first);
  const uint32_t third = *Open(*slot_);
  EXPECT_NE(third, first);
  EXPECT_NE(third, second);
  listeners_->Release(*slot_, second);
  listeners_->Release(*slot_, third);
  EXPECT_EQ(*Open(*slot_), first) << "it counts from the beginning";
}

TEST_F(DynamicListenersTest, SuccessorCountsFromTheBeginning) {
  Make();
  const uint32_t first = *Open(*slot_);
  const uint32_t second = *Open(*slot_);
  listeners_->WorkerDied(*slot_);
  EXPECT_EQ(*Open(*slot_), first);
  EXPECT_EQ(*Open(*slot_), second);
}

TEST_F(DynamicListenersTest, OptionsOfTheFirstCount) {
  Make();
  const uint32_t listener = *Open(*slot_, "[::1]:0", CLUSTER_LISTEN_IPV6_ONLY);
  EXPECT_EQ(*Open(*other_, "[::1]:0"), listener);
}

TEST_F(DynamicListenersTest, PortThatMayBeBoundAgainIsBoundAgain) {
  Make();
  constexpr uint32_t kFlags = CLUSTER_LISTEN_REUSE_PORT;
  const uint32_t listener = *Open(*slot_, kAnyPort, kFlags);
  const std::string address = group_->listener(listener)->facts.text;
  const uint32_t again = *Open(*slot_, address, kFlags);
  EXPECT_NE(again, listener);
  EXPECT_EQ(group_->listener(again)->facts.text, address);
  EXPECT_EQ(*Open(*other_, address, kFlags), listener);
}

TEST_F(DynamicListenersTest, DescriptorsAreTakenWhereTheProgramSaysSo) {
  listeners_ = std::make_unique<DynamicListeners>(
      io_, *group_, DynamicListeners::Options{.take_fds = true});
  Loopback inherited;
  const UniqueFd socket = inherited.TakeListener();
  const std::string text = absl::StrCat("fd:", socket.get());
  const uint32_t listener = *Open(*slot_, text);
  EXPECT_EQ(*Open(*other_, text), listener);
  EXPECT_EQ(group_->listener(listener)->facts.fd, socket.get());
  listeners_->Release(*slot_, listener);
  listeners_->Release(*other_, listener);
  EXPECT_TRUE(LocalAddress(socket.get()).ok()) << "it stays the program's";
}

TEST_F(DynamicListenersTest, DescriptorOfTheEngineIsNotTaken) {
  listeners_ = std::make_unique<DynamicListeners>(
      io_, *group_, DynamicListeners::Options{.take_fds = true});
  for (int fd = 0; fd < 64; ++fd) {
    if (!group_->Owns(fd)) continue;
    EXPECT_EQ(ErrnoOf(Open(*slot_, absl::StrCat("fd:", fd)).status()), EEXIST);
    return;
  }
  FAIL() << "it owns none";
}

TEST_F(DynamicListenersTest, ExclusiveIsOfOneSlotAndItsSuccessors) {
  Make();
  const uint32_t listener = *Open(*slot_, kAnyPort, CLUSTER_LISTEN_EXCLUSIVE);
  EXPECT_NE(*Open(*other_, kAnyPort, CLUSTER_LISTEN_EXCLUSIVE), listener);
  listeners_->WorkerDied(*slot_);
  EXPECT_EQ(*Open(*slot_, kAnyPort, CLUSTER_LISTEN_EXCLUSIVE), listener);
}

TEST_F(DynamicListenersTest, SuccessorFindsTheListenerOpen) {
  Make();
  const uint32_t listener = *Open(*slot_);
  listeners_->WorkerDied(*slot_);
  EXPECT_TRUE(IsOpen(listener));
  EXPECT_EQ(*Open(*slot_), listener);
  listeners_->Release(*slot_, listener);
  EXPECT_FALSE(IsOpen(listener)) << "it is no more due back";
}

TEST_F(DynamicListenersTest, ListenerOfASlotThatDoesNotComeBackIsClosed) {
  Make(absl::Milliseconds(1));
  const uint32_t listener = *Open(*slot_);
  listeners_->WorkerDied(*slot_);
  RunUntilClosed(listener);
}

TEST_F(DynamicListenersTest, ListenerOfWhoWentForGoodIsClosedAtOnce) {
  Make();
  const uint32_t listener = *Open(*slot_);
  const uint32_t held = *Open(*other_, kAnyPort, CLUSTER_LISTEN_EXCLUSIVE);
  listeners_->WorkerDied(*slot_);
  listeners_->ForgetDueBack();
  EXPECT_FALSE(IsOpen(listener));
  EXPECT_TRUE(IsOpen(held)) << "its worker lives";
}

TEST_F(DynamicListenersTest, ExpiryTakesNothingFromWhoHoldsIt) {
  Make(absl::Milliseconds(1));
  const uint32_t shared = *Open(*slot_);
  EXPECT_EQ(*Open(*other_), shared);
  const uint32_t alone = *Open(*slot_, kAnyPort, CLUSTER_LISTEN_EXCLUSIVE);
  listeners_->WorkerDied(*slot_);
  RunUntilClosed(alone);
  EXPECT_TRUE(IsOpen(shared));
  listeners_->Release(*other_, shared);
  EXPECT_FALSE(IsOpen(shared));
}

TEST_F(DynamicListenersTest, SuccessorThatDiesIsDueBackAnew) {
  Make(absl::Milliseconds(1));
  const uint32_t listener = *Open(*slot_);
  listeners_->WorkerDied(*slot_);
  EXPECT_EQ(*Open(*slot_), listener);
  listeners_->WorkerDied(*slot_);
  RunUntilClosed(listener);
  EXPECT_TRUE(Open(*slot_).ok()) << "it opens another";
}

TEST_F(DynamicListenersTest, TheHostsOwnStays) {
  Make(absl::Milliseconds(1));
  const std::string address = group_->listener(0)->facts.text;
  EXPECT_EQ(*Open(*slot_, address), 0u);
  const uint32_t other = *Open(*slot_);
  listeners_->WorkerDied(*slot_);
  RunUntilClosed(other);
  EXPECT_TRUE(IsOpen(0));
}

TEST_F(DynamicListenersTest, WhatIsNoAddressHereIsInvalid) {
  Make();
  for (const char* address :
       {"fd:3", "localhost:1", "unix:relative", "[::1", ":99999", ""}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Open(*slot_, address).status()))
        << address;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(Open(*slot_, kAnyPort, 64).status()));
}

TEST_F(DynamicListenersTest, ReleaseOfWhatIsNotHeldDoesNothing) {
  Make();
  const uint32_t listener = *Open(*slot_);
  listeners_->Release(*other_, listener);
  listeners_->Release(*other_, 15);
  EXPECT_TRUE(IsOpen(listener));
}

// ---- Where nobody is due back

TEST_F(DynamicListenersTest, PortRefusesAsSoonAsNobodyServesIt) {
  Make(absl::ZeroDuration());
  const uint32_t listener = *Open(*slot_);
  EXPECT_EQ(*Open(*other_), listener);
  const std::string address = group_->listener(listener)->facts.text;
  listeners_->StopServing(*slot_);
  listeners_->StopServing(*slot_);
  EXPECT_FALSE(OpenListener(*ParseListenAddress(address), {}).ok())
      << "the other one serves it";
  listeners_->StopServing(*other_);
  EXPECT_TRUE(OpenListener(*ParseListenAddress(address), {}).ok());
  // What they were sent is theirs until they are gone.
  EXPECT_TRUE(IsOpen(listener));
  listeners_->WorkerDied(*slot_);
  EXPECT_TRUE(IsOpen(listener));
  listeners_->WorkerDied(*other_);
  EXPECT_FALSE(IsOpen(listener));
}

TEST_F(DynamicListenersTest, ListenerThatIsShutIsNobodysToShare) {
  Make(absl::ZeroDuration());
  const uint32_t listener = *Open(*slot_);
  const std::string address = group_->listener(listener)->facts.text;
  listeners_->StopServing(*slot_);
  const uint32_t fresh = *Open(*other_, address);
  EXPECT_NE(fresh, listener);
  listeners_->WorkerDied(*slot_);
  EXPECT_FALSE(IsOpen(listener));
  EXPECT_TRUE(IsOpen(fresh));
}

TEST_F(DynamicListenersTest, DeathThatComesAtOnceClosesToo) {
  Make(absl::ZeroDuration());
  const uint32_t listener = *Open(*slot_);
  listeners_->WorkerDied(*slot_);
  EXPECT_FALSE(IsOpen(listener));
}

TEST_F(DynamicListenersTest, WorkerThatLingersIsDueBackFromTheEndOfItsChannel) {
  Make();
  const uint32_t listener = *Open(*slot_);
  const std::string address = group_->listener(listener)->facts.text;
  listeners_->StopServing(*slot_);
  listeners_->ForgetDueBack();
  EXPECT_EQ(*Open(*other_, address), listener) << "it is not back yet";
  listeners_->Release(*other_, listener);
  listeners_->ChannelEnded(*slot_);
  EXPECT_EQ(*Open(*other_, address), listener) << "it is due back";
  listeners_->Release(*other_, listener);
  listeners_->ForgetDueBack();
  const uint32_t fresh = *Open(*other_, address);
  EXPECT_NE(fresh, listener) << "nobody holds it, though its worker lives";
  listeners_->WorkerDied(*slot_);
  EXPECT_FALSE(IsOpen(listener));
  EXPECT_TRUE(IsOpen(fresh));
}

}  // namespace
}  // namespace cluster
