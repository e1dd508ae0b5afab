#include "core/worker/intake.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/unique_fd.h"
#include "core/control/data_path.h"
#include "core/control/messages.h"
#include "core/event_loop/refused_call.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/control_channel.h"
#include "core/worker/host_context.h"
#include "core/worker/loop.h"
#include "ipc/address.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/listener.h"
#include "ipc/unix_channel.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

constexpr uint32_t kListener = 2;

// An intake on the share path: real sockets, and a loop that the test turns.
class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest() {
    EXPECT_TRUE(channel_.Begin([](Frame) {}, [](const absl::Status&) {}).ok());
    context_.Configure({.worker_id = 7,
                        .worker_count = 1,
                        .slot = 0,
                        .generation = 0,
                        .plugin_path = "",
                        .config = {},
                        .arguments = {}},
                       *page_);
    intake_.emplace(
        context_,
        *page_,
        [this](IncomingConnection connection) {
          given_.push_back(std::move(connection));
          if (on_given_) on_given_();
        },
        [this](const absl::Status& status) { taken_.push_back(status); });
  }

  // Listens there on an own socket, to which Connect() connects. `*sibling` is
  // another worker's copy.
  void Listen(uint32_t listener = kListener, UniqueFd* sibling = nullptr) {
    UniqueFd socket =
        *OpenListener(*ParseListenAddress("127.0.0.1:0"), {.backlog = 16});
    address_ = *LocalAddress(socket.get());
    if (sibling != nullptr) {
      sibling->Reset(fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    }
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(socket));
    EXPECT_TRUE(intake_
                    ->Listen({.listener = listener,
                              .error = 0,
                              .data_path = DataPath::kShare},
                             std::move(fds))
                    .ok());
  }

  void Connect(size_t count = 1) {
    for (size_t i = 0; i < count; ++i) {
      UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      ASSERT_EQ(connect(client.get(),
                        reinterpret_cast<const sockaddr*>(&address_.storage),
                        address_.length),
                0);
      clients_.push_back(std::move(client));
    }
  }

  // Turns the loop until as many were given; the kernel has them by then.
  void RunUntilGiven(size_t count) {
    while (given_.size() < count) loop_->RunOnce();
  }

  // Turns the loop once without waiting for anything.
  void TurnOnce() {
    bool posted = false;
    loop_->Post([](void* flag) { *static_cast<bool*>(flag) = true; }, &posted);
    while (!posted) loop_->RunOnce();
  }

  std::vector<FrameType> Sent() {
    std::vector<FrameType> sent;
    channel_.Flush();
    EXPECT_TRUE(primary_
                    .OnReadable([&sent](Frame frame) {
                      sent.push_back(static_cast<FrameType>(frame.type));
                    })
                    .ok());
    return sent;
  }

  std::unique_ptr<SlotPage> page_ = std::make_unique<SlotPage>();
  std::unique_ptr<Loop> loop_ = *Loop::Create();
  std::pair<UniqueFd, UniqueFd> sockets_ = *MakeSocketPair(SOCK_STREAM);
  ControlChannel channel_{std::move(sockets_.first), *loop_};
  UnixChannel primary_{std::move(sockets_.second), {.uses_ring = true}};
  HostContext context_{
      *loop_, channel_, [] { return cluster_status{CLUSTER_STOPPED}; }};
  std::vector<IncomingConnection> given_;
  std::vector<absl::Status> taken_;
  std::function<void()> on_given_;
  std::optional<Intake> intake_;
  ListenAddress address_;
  std::vector<UniqueFd> clients_;
};

TEST_F(IntakeTest, DescriptorsMustFitTheDataPath) {
  const auto listen = [this](DataPath path, size_t fds) {
    std::vector<UniqueFd> given;
    for (size_t i = 0; i < fds; ++i) {
      given.push_back(std::move(MakeSocketPair(SOCK_SEQPACKET)->first));
    }
    return intake_->Listen(
        {.listener = kListener, .error = 0, .data_path = path},
        std::move(given));
  };
  EXPECT_TRUE(absl::IsDataLoss(listen(DataPath::kShare, 0)));
  EXPECT_TRUE(absl::IsDataLoss(listen(DataPath::kShare, 2)));
  EXPECT_TRUE(absl::IsDataLoss(listen(DataPath::kHandoff, 0)));
  EXPECT_TRUE(absl::IsDataLoss(listen(DataPath::kHandoff, 2)));
  EXPECT_TRUE(absl::IsDataLoss(listen(DataPath::kSteer, 1)));
  EXPECT_TRUE(absl::IsDataLoss(listen(DataPath::kSteer, 3)));
}

TEST_F(IntakeTest, GivesWhatArrivesAndSaysWhenAllIsTaken) {
  Listen();
  Connect(3);
  RunUntilGiven(3);
  EXPECT_EQ(given_[0].listener, kListener);
  EXPECT_NE(given_[0].id, given_[1].id);
  EXPECT_EQ(intake_->open_connections(), 3u);
  ASSERT_FALSE(taken_.empty());
  EXPECT_TRUE(taken_.back().ok());
}

// It stays readable for all who have it, and must not keep them busy.
TEST_F(IntakeTest, SocketThatASiblingHasShutDownIsPausedAndToldOnce) {
  UniqueFd sibling;
  Listen(kListener, &sibling);
  ASSERT_EQ(shutdown(sibling.get(), SHUT_RDWR), 0);
  const int64_t before_ns = MonotonicNs();
  // Each pause takes two: it is readable, and it begins again.
  for (int i = 0; i < 5; ++i) loop_->RunOnce();
  EXPECT_GE(MonotonicNs() - before_ns, 2 * 50'000'000);
  EXPECT_EQ(Sent(), std::vector<FrameType>{FrameType::kLog});
}

TEST_F(IntakeTest, TellsOfRoomOnceAndOnlyIfItIsWanted) {
  Listen();
  Connect();
  RunUntilGiven(1);
  EXPECT_EQ(Sent(), std::vector<FrameType>{});
  page_->wanted.store(1);
  Connect();
  RunUntilGiven(2);
  EXPECT_EQ(Sent(), std::vector<FrameType>{FrameType::kRoom});
}

TEST_F(IntakeTest, PausedTakesNothingUntilItIsResumed) {
  Listen();
  EXPECT_TRUE(intake_->Pause(kListener));
  EXPECT_FALSE(intake_->Pause(kListener)) << "it was so already";
  Connect();
  TurnOnce();
  EXPECT_TRUE(given_.empty());
  EXPECT_TRUE(intake_->Resume(kListener));
  EXPECT_FALSE(intake_->Resume(kListener));
  RunUntilGiven(1);
}

TEST_F(IntakeTest, PauseHoldsForAListenerThatComesLater) {
  EXPECT_TRUE(intake_->Pause(kListener));
  Listen();
  Connect();
  TurnOnce();
  EXPECT_TRUE(given_.empty());
}

// Two reasons to take nothing: each is lifted for itself.
TEST_F(IntakeTest, HeldAndPausedAreTwoReasons) {
  Listen();
  intake_->SetHeld(true);
  EXPECT_TRUE(intake_->Pause(kListener));
  Connect();
  intake_->SetHeld(false);
  TurnOnce();
  EXPECT_TRUE(given_.empty());
  EXPECT_TRUE(intake_->Resume(kListener));
  RunUntilGiven(1);
}

TEST_F(IntakeTest, ClosedListenerRefuses) {
  Listen();
  intake_->Close(kListener);
  UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(client.get(),
                    reinterpret_cast<const sockaddr*>(&address_.storage),
                    address_.length),
            -1);
  EXPECT_EQ(errno, ECONNREFUSED);
  intake_->Close(kListener);  // again, and where it never listened
  intake_->Close(kMaxListeners - 1);
}

TEST_F(IntakeTest, MayBeClosedByWhatItGives) {
  Listen();
  Connect(2);
  on_given_ = [this] { intake_->Close(kListener); };
  RunUntilGiven(1);
  TurnOnce();
  EXPECT_EQ(given_.size(), 1u);
}

TEST_F(IntakeTest, BacklogIsTakenWithoutTheLoopAsLongAsWanted) {
  Listen();
  Connect(3);
  // The kernel has queued a connection some time after connect() returned.
  while (given_.size() < 2) {
    intake_->TakeBacklog([this] { return given_.size() < 2; });
  }
  EXPECT_GE(given_.size(), 2u);
  while (given_.size() < 3) intake_->TakeBacklog([] { return true; });
}

TEST_F(IntakeTest, TakenOverGivesNothingByItself) {
  Listen();
  const auto pollable = intake_->TakeOver(kListener);
  ASSERT_TRUE(pollable.ok());
  EXPECT_TRUE(intake_->taken_over(kListener));
  EXPECT_TRUE(absl::IsAlreadyExists(intake_->TakeOver(kListener).status()));
  Connect(3);
  pollfd polled = {*pollable, POLLIN, 0};
  ASSERT_EQ(poll(&polled, 1, -1), 1);
  TurnOnce();
  EXPECT_TRUE(given_.empty());
}

TEST_F(IntakeTest, FailedTakeOverChangesNothing) {
  Listen();
  {
    // One call is for the descriptor itself, the next for the acceptor.
    const RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC, 1, 1);
    EXPECT_EQ(ErrnoOf(intake_->TakeOver(kListener).status()), ENOSPC);
  }
  EXPECT_FALSE(intake_->taken_over(kListener));
  Connect();
  RunUntilGiven(1);
  EXPECT_TRUE(intake_->TakeOver(kListener).ok());
}

// It backs off where not even the old way is left.
TEST_F(IntakeTest, FailedTakeOverGoesOnWhenTheKernelCanAgain) {
  Listen();
  {
    const RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC, 1);
    EXPECT_EQ(ErrnoOf(intake_->TakeOver(kListener).status()), ENOSPC);
  }
  Connect();
  RunUntilGiven(1);
}

TEST_F(IntakeTest, TakeUpToTakesAsManyAsAskedFor) {
  Listen();
  const int pollable = *intake_->TakeOver(kListener);
  Connect(3);
  std::vector<IncomingConnection> got;
  const auto take = [&](size_t limit) {
    pollfd polled = {pollable, POLLIN, 0};
    ASSERT_EQ(poll(&polled, 1, -1), 1);
    intake_->TakeUpTo(kListener, limit, [&](IncomingConnection connection) {
      got.push_back(std::move(connection));
    });
  };
  take(1);
  EXPECT_EQ(got.size(), 1u);
  while (got.size() < 3) take(8);
  pollfd polled = {pollable, POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 0), 0) << "nothing is left";
}

TEST_F(IntakeTest, ListenerMayBeTakenOverBeforeItListens) {
  const int pollable = *intake_->TakeOver(kListener);
  Listen();
  Connect();
  pollfd polled = {pollable, POLLIN, 0};
  ASSERT_EQ(poll(&polled, 1, -1), 1);
  size_t got = 0;
  intake_->TakeUpTo(kListener, 8, [&](IncomingConnection) { ++got; });
  EXPECT_EQ(got, 1u);
}

}  // namespace
}  // namespace cluster
