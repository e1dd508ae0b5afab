// ChannelPairTest: two channels that are each other's peer, and a count of the
// descriptors that are open when both are gone.
//
//   sender_->Send(1, AsBytes("hello"));
//   Deliver([&](Frame frame) { ... });
#ifndef IPC_CHANNEL_PAIR_FIXTURE_H_
#define IPC_CHANNEL_PAIR_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/open_fds.h"
#include "ipc/unix_channel.h"

namespace cluster {

class ChannelPairTest : public ::testing::Test {
 protected:
  ChannelPairTest() { Connect({}); }
  ~ChannelPairTest() override {
    sender_.reset();
    receiver_.reset();
    EXPECT_EQ(OpenFds(), fds_before_);
  }

  // Another pair takes the place of the one there is.
  void Connect(const ChannelOptions& options) {
    auto pair = MakeSocketPair(SOCK_STREAM);
    ASSERT_TRUE(pair.ok()) << pair.status();
    sender_ = std::make_unique<UnixChannel>(std::move(pair->first), options);
    receiver_ = std::make_unique<UnixChannel>(std::move(pair->second), options);
  }

  // Lets both sides work until everything queued has arrived.
  void Deliver(absl::FunctionRef<void(Frame)> handler) {
    bool queued = true;
    while (queued) {
      ASSERT_TRUE(sender_->Flush().ok());
      queued = sender_->wants_write();
      const absl::Status status = receiver_->OnReadable(handler);
      ASSERT_TRUE(status.ok()) << status;
    }
    ASSERT_TRUE(receiver_->OnReadable(handler).ok());
  }

  const size_t fds_before_ = OpenFds();
  std::unique_ptr<UnixChannel> sender_;
  std::unique_ptr<UnixChannel> receiver_;
};

}  // namespace cluster

#endif  // IPC_CHANNEL_PAIR_FIXTURE_H_
