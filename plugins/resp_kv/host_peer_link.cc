#include "plugins/resp_kv/host_peer_link.h"

#include <chrono>
#include <utility>

namespace cluster::resp_kv {

cluster_status HostPeerLink::AskSlot(uint32_t slot,
                                     std::string_view message,
                                     int64_t timeout_ms,
                                     Replied replied) {
  return Ask(sdk::To::Slot(slot), message, timeout_ms, std::move(replied));
}

cluster_status HostPeerLink::AskWorker(uint32_t worker_id,
                                       std::string_view message,
                                       int64_t timeout_ms,
                                       Replied replied) {
  return Ask(
      sdk::To::Worker(worker_id), message, timeout_ms, std::move(replied));
}

cluster_status HostPeerLink::Ask(sdk::To to,
                                 std::string_view message,
                                 int64_t timeout_ms,
                                 Replied replied) {
  const auto on_reply =
      [alive = std::weak_ptr(alive_),
       replied = std::move(replied)](sdk::Result<sdk::Message> reply) {
        if (alive.expired()) return;
        if (reply.ok()) {
          replied(CLUSTER_OK, reply->payload());
        } else {
          replied(reply.status().code(), "");
        }
      };
  return host_
      .Request(to, message, std::chrono::milliseconds(timeout_ms), on_reply)
      .code();
}

// A timer, if too many posts wait.
void HostPeerLink::CallSoon(std::function<void()> run) {
  const auto guarded = [alive = std::weak_ptr(alive_), run] {
    if (!alive.expired()) run();
  };
  if (!host_.Post(guarded).ok()) CallAfter(0, run);
}

void HostPeerLink::CallAfter(int64_t delay_ms, std::function<void()> run) {
  const auto at = timers_.emplace(timers_.end());
  auto timer = host_.StartTimer(std::chrono::milliseconds(delay_ms),
                                [this, at, run = std::move(run)] {
                                  const auto call = run;
                                  timers_.erase(at);
                                  call();
                                });
  if (timer.ok()) {
    *at = *std::move(timer);
  } else {
    timers_.erase(at);
    host_.Log(CLUSTER_LOG_ERROR, timer.status().message());
  }
}

}  // namespace cluster::resp_kv
