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
    group_ = *ListenerGroup::Create(io_, std::move(sockets), {});
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

  template <class Message>
  absl::Status Say(FrameType type, const Message& message) {
    const auto payload = Encode(message);
    Frame frame;
    frame.type = static_cast<uint16_t>(type);
    frame.payload = payload;
    return frames_->Handle(process(), frame);
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

}  // namespace
}  // namespace cluster
