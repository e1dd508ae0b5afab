#include "core/primary/frame_handler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/control/listener_messages.h"
#include "core/control/messages.h"
#include "core/control/telemetry_messages.h"
#include "core/primary/connections/slot.h"
#include "core/primary/listener_frame_handler.h"
#include "core/primary/listeners/dynamic_listeners.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/telemetry/metric_book.h"
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

class FrameHandlerTest : public ::testing::Test {
 protected:
  FrameHandlerTest() {
    std::vector<UniqueFd> sockets;
    sockets.push_back(loopback_.TakeListener());
    group_ = *ListenerGroup::Create(
        io_, std::move(sockets), {.dispatch = {.max_connections = {1}}});
    dynamic_.emplace(io_, *group_, DynamicListeners::Options());
    life_.emplace(*group_,
                  *dynamic_,
                  observer_,
                  absl::Seconds(1),
                  [](const WorkerProcess&, auto then) { then(); });
    listener_frames_.emplace(*group_, *dynamic_, *life_);
    frames_.emplace(*group_, *listener_frames_, *life_, book_, observer_);
    group_->Start();
    worker_.emplace(io_, **group_->AddSlot());
    process().record.serving = true;
  }

  WorkerProcess& process() { return worker_->process(); }
  Slot& slot() { return process().slot(); }

  // The worker listens at the host's address, and was sent a connection: it may
  // not have more.
  void HaveConnectionSent() {
    process().listeners.Add(0);
    process().listeners.BeginListening(0);
    group_->Serve(slot(), 0);
    loopback_.Connect(1);
    while (slot().stream(0).sent() == 0) io_.run_one();
  }

  absl::Status SayBytes(FrameType type, std::vector<std::byte> payload) {
    Frame frame;
    frame.type = static_cast<uint16_t>(type);
    frame.payload = payload;
    return frames_->Handle(process(), frame);
  }
  template <class Message>
  absl::Status Say(FrameType type, const Message& message) {
    return SayBytes(type, Encode(message));
  }

  boost::asio::io_context io_{1};
  Loopback loopback_;
  NoObserver observer_;
  MetricBook book_;
  std::unique_ptr<ListenerGroup> group_;
  std::optional<DynamicListeners> dynamic_;
  std::optional<WorkerLife> life_;
  std::optional<ListenerFrameHandler> listener_frames_;
  std::optional<FrameHandler> frames_;
  std::optional<SaidWorker> worker_;
};

// It closes what it got, so that it may ask again, and reads no answer.
TEST_F(FrameHandlerTest, WorkerThatReadsNoDescriptorsGetsNoMore) {
  absl::Status status;
  size_t most = 0;
  for (int i = 0; i < 1'000 && status.ok(); ++i) {
    status = Say(FrameType::kListen, ListenRequest{.listener = 0});
    most = std::max(most, process().unread_fds());
    if (!status.ok()) break;
    status = Say(FrameType::kCloseListener, ListenerChange{.listener = 0});
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_LE(most, 64u);
}

// Each costs a round over all workers, for which others wait.
TEST_F(FrameHandlerTest, RoomIsActedOnOnceATurn) {
  HaveConnectionSent();
  loopback_.Connect(1);
  while (group_->pending() == 0) io_.run_one();
  slot().page().wanted.store(0);  // as the worker does when it tells
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(SayBytes(FrameType::kRoom, {}).ok());
  }
  EXPECT_EQ(slot().page().wanted.load(), 0u);
  frames_->EndTurn(process());
  EXPECT_EQ(slot().page().wanted.load(), 1u) << "it was looked, and asked";
}

TEST_F(FrameHandlerTest, PluginThatIsReadyAgainWithinATurnKeepsWhatItHas) {
  HaveConnectionSent();
  for (const bool ready : {false, true, false, true}) {
    EXPECT_TRUE(
        Say(FrameType::kReadiness, Readiness{.ready = ready, .reason = ""})
            .ok());
  }
  frames_->EndTurn(process());
  EXPECT_EQ(slot().stream(0).unstarted(), 1u);
  EXPECT_EQ(group_->Snapshot().ledger.redispatched(), 0u);
  EXPECT_TRUE(
      Say(FrameType::kReadiness, Readiness{.ready = false, .reason = ""}).ok());
  frames_->EndTurn(process());
  EXPECT_EQ(group_->pending(), 1u);
}

}  // namespace
}  // namespace cluster
