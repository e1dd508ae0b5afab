#include "core/worker/messages/messenger.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/control/user_message.h"
#include "core/worker/loop.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

class MessengerTest : public ::testing::Test {
 protected:
  using Told = std::vector<std::string>;

  // Sends so many bytes to all others. What becomes of them is told by `name`.
  void Send(const std::string& name, size_t bytes) {
    const std::string text(bytes, 'x');
    const cluster_outgoing message = {.size = sizeof(cluster_outgoing),
                                      .to = CLUSTER_TO_OTHERS,
                                      .number = 0,
                                      .fd_count = 0,
                                      .payload = {text.data(), text.size()},
                                      .fds = nullptr};
    const auto done = [this, name](const absl::Status& status) {
      told_.push_back(name + " " + absl::StatusCodeToString(status.code()));
    };
    EXPECT_EQ(messenger_.Send(message, done), CLUSTER_OK);
  }

  Told told_;
  uint64_t queued_ = 0;  // bytes
  std::unique_ptr<Loop> loop_ = *Loop::Create();
  Messenger messenger_{*loop_,
                       [this](auto, auto head, auto rest, auto) {
                         return queued_ += head.size() + rest.size();
                       },
                       [](const std::string&) {}};
};

TEST_F(MessengerTest, AtTheEndEachIsToldOnceThoughItWasNeverSent) {
  Send("written", 10);
  const uint64_t written = queued_;
  Send("queued", 10);
  Send("begun", 2 * kMessageWindowBytes);
  Send("held", 10);
  ASSERT_TRUE(messenger_.holds_messages());
  messenger_.OnWritten(written);
  messenger_.Close();
  messenger_.EndSent();
  const Told expected = {
      "written OK", "queued NOT_FOUND", "begun NOT_FOUND", "held NOT_FOUND"};
  EXPECT_EQ(told_, expected);
  messenger_.EndSent();
  EXPECT_EQ(told_, expected);
}

}  // namespace
}  // namespace cluster
