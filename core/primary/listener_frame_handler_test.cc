#include "core/primary/listener_frame_handler.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/control/listener_messages.h"
#include "core/control/messages.h"
#include "core/primary/listeners/dynamic_listeners.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/testing/loopback.h"
#include "core/primary/testing/said_worker.h"
#include "core/primary/workers/primary_observer.h"
#include "core/primary/workers/worker_life.h"
#include "core/primary/workers/worker_process.h"
#include "ipc/archive.h"
#include "ipc/frame.h"

namespace cluster {
namespace {

class NoObserver final : public PrimaryObserver {
  void OnEvent(const WorkerEvent&) override {}
  void OnLog(uint32_t, pid_t, int, absl::string_view) override {}
  void OnOutput(uint32_t, pid_t, int, absl::string_view) override {}
};

class ListenerFrameHandlerTest : public ::testing::Test {
 protected:
  ListenerFrameHandlerTest() {
    std::vector<UniqueFd> sockets;
    sockets.push_back(loopback_.TakeListener());
    group_ = *ListenerGroup::Create(io_, std::move(sockets), {});
    dynamic_.emplace(io_, *group_, DynamicListeners::Options());
    life_.emplace(*group_,
                  *dynamic_,
                  observer_,
                  absl::Seconds(1),
                  [](const WorkerProcess&, auto then) { then(); });
    frames_.emplace(*group_, *dynamic_, *life_);
    Slot* slot = *group_->AddSlot();
    group_->Start();
    worker_.emplace(io_, *slot);
    worker_->process().record.serving = true;
  }

  template <class Message>
  absl::Status Say(FrameType type, const Message& message) {
    const auto payload = Encode(message);
    Frame frame;
    frame.type = static_cast<uint16_t>(type);
    frame.payload = payload;
    return frames_->Handle(worker_->process(), frame);
  }
  absl::Status Change(FrameType type, uint32_t listener) {
    return Say(type, ListenerChange{.listener = listener});
  }

  // Asks for a listener; what came back, and how many descriptors with it.
  std::pair<ListenAtReply, size_t> Ask(const std::string& address,
                                       uint32_t flags = 0) {
    EXPECT_TRUE(
        Say(FrameType::kListenAt,
            ListenAtRequest{
                .request = 9, .flags = flags, .backlog = 0, .address = address})
            .ok());
    worker_->process().Flush();
    std::pair<ListenAtReply, size_t> reply;
    EXPECT_TRUE(
        worker_->side()
            .OnReadable([&](Frame frame) {
              EXPECT_EQ(frame.type,
                        static_cast<uint16_t>(FrameType::kListenAtReply));
              reply = {*Decode<ListenAtReply>(frame.payload), frame.fds.size()};
            })
            .ok());
    EXPECT_EQ(reply.first.request, 9u);
    return reply;
  }

  boost::asio::io_context io_{1};
  Loopback loopback_;
  NoObserver observer_;
  std::unique_ptr<ListenerGroup> group_;
  std::optional<DynamicListeners> dynamic_;
  std::optional<WorkerLife> life_;
  std::optional<ListenerFrameHandler> frames_;
  std::optional<SaidWorker> worker_;
};

TEST_F(ListenerFrameHandlerTest, ListensAndSendsTheAcceptor) {
  const auto [reply, fds] = Ask("127.0.0.1:0");
  EXPECT_EQ(reply.outcome, ListenOutcome::kDone) << reply.reason;
  EXPECT_EQ(fds, 1u);
  EXPECT_NE(reply.facts.text, "127.0.0.1:0") << "the real port";
  EXPECT_TRUE(worker_->process().listeners.contains(reply.facts.listener));
  EXPECT_NE(group_->listener(reply.facts.listener), nullptr);
}

TEST_F(ListenerFrameHandlerTest, OneWorkerListensAtAnAddressOnce) {
  const auto first = Ask("127.0.0.1:0").first;
  const auto [second, fds] = Ask(first.facts.text);
  EXPECT_EQ(second.outcome, ListenOutcome::kSystem);
  EXPECT_EQ(second.error, EADDRINUSE);
  EXPECT_EQ(fds, 0u);
  EXPECT_TRUE(worker_->process().listeners.contains(first.facts.listener));
}

TEST_F(ListenerFrameHandlerTest, AddressThatIsNoneIsRefused) {
  const auto [reply, fds] = Ask("127.0.0.1");
  EXPECT_EQ(reply.outcome, ListenOutcome::kConfig);
  EXPECT_EQ(fds, 0u);
  EXPECT_FALSE(reply.reason.empty());
}

// Those of a later host, say: listening without what they ask for is worse.
TEST_F(ListenerFrameHandlerTest, UnknownFlagsAreRefused) {
  const auto [reply, fds] = Ask("127.0.0.1:0", 64);
  EXPECT_EQ(reply.outcome, ListenOutcome::kConfig);
  EXPECT_EQ(reply.reason, "unknown flags, or a negative backlog");
  EXPECT_EQ(fds, 0u);
}

TEST_F(ListenerFrameHandlerTest, WhatTheKernelRefusesHasItsErrno) {
  const auto [reply, fds] = Ask("192.0.2.1:80");  // RFC 5737: nobody's
  EXPECT_EQ(reply.outcome, ListenOutcome::kSystem);
  EXPECT_EQ(reply.error, EADDRNOTAVAIL);
  EXPECT_EQ(fds, 0u);
}

TEST_F(ListenerFrameHandlerTest, NothingIsOpenedForAWorkerThatIsToldToEnd) {
  worker_->process().told_to_drain = true;
  EXPECT_EQ(Ask("127.0.0.1:0").first.outcome, ListenOutcome::kState);
}

TEST_F(ListenerFrameHandlerTest, CloseOfTheLastHolderCloses) {
  const uint32_t listener = Ask("127.0.0.1:0").first.facts.listener;
  EXPECT_TRUE(Change(FrameType::kCloseListener, listener).ok());
  EXPECT_EQ(group_->listener(listener), nullptr);
  EXPECT_FALSE(worker_->process().listeners.contains(listener));
}

TEST_F(ListenerFrameHandlerTest,
       PauseTakesItFromTheServedAndResumeGivesItBack) {
  const uint32_t listener = Ask("127.0.0.1:0").first.facts.listener;
  worker_->process().listeners.BeginListening(listener);
  EXPECT_TRUE(Change(FrameType::kPauseListener, listener).ok());
  EXPECT_FALSE(worker_->process().serves(listener));
  EXPECT_TRUE(Change(FrameType::kResumeListener, listener).ok());
  EXPECT_TRUE(worker_->process().serves(listener));
}

TEST_F(ListenerFrameHandlerTest, OnlyWhatATurnHasChangedIsDone) {
  WorkerProcess& process = worker_->process();
  process.listeners.Add(0);
  process.listeners.BeginListening(0);
  group_->Serve(process.slot(), 0);
  loopback_.Connect(1);
  while (process.slot().stream(0).sent() == 0) io_.run_one();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Change(FrameType::kPauseListener, 0).ok());
    EXPECT_TRUE(Change(FrameType::kResumeListener, 0).ok());
  }
  frames_->EndTurn(process);
  EXPECT_EQ(process.slot().stream(0).unstarted(), 1u);
  EXPECT_EQ(group_->Snapshot().ledger.redispatched(), 0u) << "left alone";

  EXPECT_TRUE(Change(FrameType::kPauseListener, 0).ok());
  frames_->EndTurn(process);
  EXPECT_EQ(group_->pending(), 1u);
  EXPECT_TRUE(Change(FrameType::kResumeListener, 0).ok());
  frames_->EndTurn(process);
  EXPECT_EQ(group_->pending(), 0u);
  EXPECT_EQ(group_->Snapshot().ledger.redispatched(), 1u);
}

TEST_F(ListenerFrameHandlerTest, ListenerThatIsNotTheWorkersIsAViolation) {
  for (const uint32_t listener :
       {1u, 63u, static_cast<uint32_t>(kMaxListeners), ~0u}) {
    for (const FrameType type : {FrameType::kCloseListener,
                                 FrameType::kPauseListener,
                                 FrameType::kResumeListener}) {
      EXPECT_TRUE(absl::IsDataLoss(Change(type, listener))) << listener;
    }
  }
  // The host's own, which this worker did not ask for.
  EXPECT_TRUE(absl::IsDataLoss(Change(FrameType::kCloseListener, 0)));
  EXPECT_NE(group_->listener(0), nullptr);
}

TEST_F(ListenerFrameHandlerTest, TruncatedFramesAreViolations) {
  Frame frame;
  for (const FrameType type : {FrameType::kListenAt,
                               FrameType::kCloseListener,
                               FrameType::kPauseListener}) {
    frame.type = static_cast<uint16_t>(type);
    EXPECT_FALSE(frames_->Handle(worker_->process(), frame).ok());
  }
}

TEST_F(ListenerFrameHandlerTest, WorkerThatReadsNoDescriptorsGetsNoMore) {
  const std::string address = Ask("127.0.0.1:0").first.facts.text;
  worker_->process().listeners = {};
  // Unread, they stay in the primary once the socket is full: with that many
  // the worker has gone wrong.
  absl::Status status;
  for (int i = 0; i < 10'000 && status.ok(); ++i) {
    status =
        Say(FrameType::kListenAt,
            ListenAtRequest{
                .request = 1, .flags = 0, .backlog = 0, .address = address});
    worker_->process().Flush();
    worker_->process().listeners = {};
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

}  // namespace
}  // namespace cluster
