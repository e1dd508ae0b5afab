// The worker of the tests of Primary, and their main().
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/primary/testing/primary_fixture.h"
#include "ipc/archive.h"
#include "ipc/frame.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

class ScriptedWorker {
 public:
  template <class Message>
  void Say(FrameType type, const Message& message) {
    channel_.Send(static_cast<uint16_t>(type), Encode(message));
    (void)channel_.Flush();
  }
  void Say(FrameType type) {
    channel_.Send(static_cast<uint16_t>(type), {});
    (void)channel_.Flush();
  }

  // Answers as a good worker does until it is drained or alone. Returns how
  // many drains it got.
  int Serve() {
    int drains = 0;
    absl::Status status;
    while (status.ok() && drains == 0) {
      pollfd poll_fd = {channel_.fd(), POLLIN, 0};
      poll(&poll_fd, 1, -1);
      status = channel_.OnReadable([&](Frame frame) {
        const auto type = static_cast<FrameType>(frame.type);
        if (type == FrameType::kStart) Say(FrameType::kListen, ListenRequest{});
        if (type == FrameType::kListenReply) {
          Say(FrameType::kListening, ListeningNotice{});
        }
        if (type == FrameType::kDrain) ++drains;
      });
    }
    return drains;
  }

 private:
  UnixChannel channel_{UniqueFd(3)};
};

int BeWorker(const std::string& does) {
  ScriptedWorker worker;
  worker.Say(FrameType::kOnline);
  if (does == "die") return 1;
  if (does == "leave") worker.Say(FrameType::kDisconnect);
  if (does == "ask twice") worker.Say(FrameType::kListen, ListenRequest{});
  if (does == "ask for nothing") {
    worker.Say(FrameType::kListen, ListenRequest{.listener = 1});
  }
  if (does == "listen unasked") {
    worker.Say(FrameType::kListening, ListeningNotice{});
  }
  if (does == "babble") worker.Say(FrameType{999});
  if (does == "flood") {
    for (int i = 0; i < 1'000; ++i) worker.Say(FrameType::kDisconnect);
    return worker.Serve();
  }
  worker.Serve();
  return 0;
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  if (const char* does = getenv(cluster::kWorkerVariable)) {
    _exit(cluster::BeWorker(does));
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
