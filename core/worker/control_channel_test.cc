#include "core/worker/control_channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/event_loop/refused_call.h"
#include "core/worker/loop.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

class ControlChannelTest : public ::testing::Test {
 protected:
  ControlChannelTest() {
    EXPECT_TRUE(channel_
                    .Begin([this](Frame frame) { got_.push_back(frame.type); },
                           [this](const absl::Status& why) { end_ = why; })
                    .ok());
  }

  // Returns how many frames the primary got since the last call.
  size_t Sent() {
    size_t frames = 0;
    EXPECT_TRUE(primary_->OnReadable([&frames](Frame) { ++frames; }).ok());
    return frames;
  }

  std::unique_ptr<Loop> loop_ = *Loop::Create();
  std::pair<UniqueFd, UniqueFd> sockets_ = *MakeSocketPair(SOCK_STREAM);
  ControlChannel channel_{std::move(sockets_.first), *loop_};
  std::optional<UnixChannel> primary_{std::in_place,
                                      std::move(sockets_.second),
                                      ChannelOptions{.uses_ring = true}};
  std::vector<uint16_t> got_;
  absl::Status end_;
};

TEST_F(ControlChannelTest, SentFramesWaitForFlush) {
  channel_.SendEmpty(FrameType::kOnline);
  channel_.Send(FrameType::kListen, ListenRequest{.listener = 1});
  EXPECT_EQ(Sent(), 0u);
  channel_.Flush();
  EXPECT_EQ(Sent(), 2u);
}

TEST_F(ControlChannelTest, ClosedEndsForThePrimaryThoughAnotherProcessHasIt) {
  auto [mine, others] = *MakeSocketPair(SOCK_STREAM);
  const UniqueFd inherited(dup(mine.get()));
  ControlChannel channel(std::move(mine), *loop_);
  const auto never = [](auto&&...) { ADD_FAILURE() << "called"; };
  ASSERT_TRUE(channel.Begin(never, never).ok());
  UnixChannel primary(std::move(others), {.uses_ring = true});
  channel.SendEmpty(FrameType::kOnline);
  channel.Flush();
  channel.Close();
  size_t frames = 0;
  const absl::Status end = primary.OnReadable([&frames](Frame) { ++frames; });
  EXPECT_EQ(frames, 1u) << "what was written before";
  EXPECT_TRUE(absl::IsOutOfRange(end)) << end;
  // Nobody hears it, and nothing happens.
  channel.SendEmpty(FrameType::kOnline);
  channel.Flush();
  loop_->Dispatch();
}

TEST_F(ControlChannelTest, OutsideTheLoopFramesGoAtOnce) {
  channel_.FlushAtOnce(true);
  channel_.SendEmpty(FrameType::kOnline);
  EXPECT_EQ(Sent(), 1u);
}

TEST_F(ControlChannelTest, WhatTheSocketDidNotTakeTheLoopWrites) {
  constexpr size_t kFrames = 100;
  const Failed failed = {.reason = std::string(64 << 10, 'x')};
  for (size_t i = 0; i < kFrames; ++i)
    channel_.Send(FrameType::kFailed, failed);
  channel_.Flush();
  size_t sent = Sent();
  EXPECT_LT(sent, kFrames);
  for (size_t round = 0; round < 10 * kFrames && sent < kFrames; ++round) {
    loop_->Dispatch();
    sent += Sent();
  }
  EXPECT_EQ(sent, kFrames);
}

TEST_F(ControlChannelTest, FramesAndTheEndAreTold) {
  primary_->Send(static_cast<uint16_t>(FrameType::kDrain), {});
  ASSERT_TRUE(primary_->Flush().ok());
  loop_->RunOnce();
  EXPECT_EQ(got_, std::vector{static_cast<uint16_t>(FrameType::kDrain)});
  EXPECT_TRUE(end_.ok());
  primary_.reset();
  loop_->RunOnce();
  EXPECT_TRUE(absl::IsOutOfRange(end_)) << end_;
}

// The socket has room meanwhile, and would call at once, again and again.
TEST_F(ControlChannelTest, WhatTheKernelRefusesGoesALittleLater) {
  constexpr int kRounds = 5;
  {
    const RefusedCall refused(RefusedCall::kSendmsg, ENOBUFS);
    const int64_t before_ns = MonotonicNs();
    channel_.SendEmpty(FrameType::kOnline);
    channel_.Flush();
    for (int i = 0; i < kRounds; ++i) {
      loop_->RunOnce();
      channel_.Flush();
    }
    EXPECT_GE(MonotonicNs() - before_ns, (kRounds - 1) * 10'000'000);
  }
  loop_->RunOnce();
  EXPECT_EQ(Sent(), 1u);
}

TEST_F(ControlChannelTest, AtTheEndWhatTheKernelRefusesIsNotLost) {
  for (const int error : {ETOOMANYREFS, ENOBUFS, ENOMEM}) {
    channel_.SendEmpty(FrameType::kOnline);
    {
      const RefusedCall refused(RefusedCall::kSendmsg, error, 0, /*times=*/2);
      channel_.ConverseUntil([] { return true; }, /*limit_ms=*/60'000);
    }
    EXPECT_EQ(Sent(), 1u) << error;
  }
}

TEST_F(ControlChannelTest, GivesUpWhereThePrimaryIsGoneAndNothingGoes) {
  primary_.reset();
  channel_.SendEmpty(FrameType::kOnline);
  const RefusedCall refused(RefusedCall::kSendmsg, ETOOMANYREFS);
  channel_.ConverseUntil([] { return true; }, /*limit_ms=*/60'000);
  EXPECT_GT(channel_.queued_bytes(), 0u);
}

TEST_F(ControlChannelTest, GivesUpWhenThePrimaryIsGone) {
  primary_.reset();
  channel_.SendEmpty(FrameType::kOnline);
  channel_.ConverseUntil([] { return true; }, /*limit_ms=*/60'000);
  loop_->RunOnce();
  EXPECT_FALSE(end_.ok());
}

TEST_F(ControlChannelTest, GivesUpAtItsLimitWhenThePrimaryReadsNothing) {
  channel_.Send(FrameType::kFailed,
                Failed{.reason = std::string(16 << 20, 'x')});
  channel_.ConverseUntil([] { return true; }, /*limit_ms=*/1);
  EXPECT_GT(channel_.queued_bytes(), 0u);
}

}  // namespace
}  // namespace cluster
