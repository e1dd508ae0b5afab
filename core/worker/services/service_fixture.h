// ServiceFixture: the services as a plugin finds them, for tests.
#ifndef CORE_WORKER_SERVICES_SERVICE_FIXTURE_H_
#define CORE_WORKER_SERVICES_SERVICE_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/acceptor.h"
#include "core/worker/contract.h"
#include "core/worker/control_channel.h"
#include "core/worker/host_context.h"
#include "core/worker/host_services.h"
#include "core/worker/intake.h"
#include "core/worker/listener_table.h"
#include "core/worker/loop.h"
#include "core/worker/messages/messenger.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/unix_channel.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class ServiceFixture : public ::testing::Test {
 protected:
  ServiceFixture() {
    context_.Configure(
        {.worker_id = 7,
         .worker_count = 9,
         .slot = 3,
         .generation = 2,
         .plugin_path = "",
         .config = {{"key", "value"}, {"empty", ""}, {"key", "second"}},
         .arguments = {"first"}},
        *page_);
    const auto on_frame = [this](Frame frame) {
      if (!Messenger::Takes(frame)) return;
      EXPECT_TRUE(context_.messenger().OnFrame(std::move(frame)).ok());
    };
    EXPECT_TRUE(channel_.Begin(on_frame, [](const absl::Status&) {}).ok());
    context_.OnClosed([this] { ++told_; });
    context_.Connect(intake_, listeners_);
    context_.contract().Enter(PluginPhase::kServing);
  }

  template <class Service>
  const Service* Find(const char* id) {
    return static_cast<const Service*>(host_->get_service(host_, id));
  }

  // Returns the frames that the primary got since the last call.
  std::vector<std::pair<FrameType, std::vector<std::byte>>> Sent() {
    std::vector<std::pair<FrameType, std::vector<std::byte>>> sent;
    channel_.Flush();
    EXPECT_TRUE(primary_
                    .OnReadable([&sent](Frame frame) {
                      sent.emplace_back(
                          static_cast<FrameType>(frame.type),
                          std::vector<std::byte>(frame.payload.begin(),
                                                 frame.payload.end()));
                    })
                    .ok());
    return sent;
  }

  std::unique_ptr<SlotPage> page_ = std::make_unique<SlotPage>();
  std::unique_ptr<Loop> loop_ = *Loop::Create();
  int told_ = 0;  // times that OnClosed() said so
  std::pair<UniqueFd, UniqueFd> sockets_ = *MakeSocketPair(SOCK_STREAM);
  ControlChannel channel_{std::move(sockets_.first), *loop_};
  UnixChannel primary_{std::move(sockets_.second), {.uses_ring = true}};
  cluster_status dispatch_says_ = CLUSTER_STOPPED;
  HostContext context_{*loop_, channel_, [this] { return dispatch_says_; }};
  // Without listeners, until the test begins some.
  Intake intake_{context_,
                 *page_,
                 [](IncomingConnection) { FAIL(); },
                 [](const absl::Status&) {}};
  ListenerTable listeners_{channel_, intake_};
  HostServices services_{context_};
  const cluster_host* const host_ = services_.host();
};

}  // namespace cluster

#endif  // CORE_WORKER_SERVICES_SERVICE_FIXTURE_H_
