#include "plugins/static_files/session_list.h"

#include <chrono>
#include <utility>

namespace cluster::static_files {

SessionList::SessionList(sdk::Host host,
                         Responder& responder,
                         const Options& options)
    : host_(host),
      context_{.responder = responder,
               .keepalive_timeout_s = options.keepalive_timeout_s,
               .header_timeout_s = options.header_timeout_s,
               .send_timeout_s = options.send_timeout_s} {}

void SessionList::Add(sdk::Connection connection) {
  all_.emplace_back(context_, std::move(connection));
  const auto at = std::prev(all_.end());
  const sdk::Status started = at->Start(
      host_,
      [this, at](uint32_t) {
        if (!at->OnReady()) all_.erase(at);
      },
      [this, at] { all_.erase(at); });
  if (!started.ok()) {
    host_.Log(CLUSTER_LOG_WARNING, started.message());
    all_.erase(at);
  }
  if (!timing_) StartTimer();
}

void SessionList::Drain() {
  context_.draining = true;
  EndOverdue();
}

void SessionList::OnSecond() {
  ++context_.now_s;
  EndOverdue();
}

void SessionList::EndOverdue() {
  for (auto at = all_.begin(); at != all_.end();) {
    at = at->OnSecond() ? std::next(at) : all_.erase(at);
  }
}

void SessionList::StartTimer() {
  if (all_.empty()) return;
  sdk::Result<sdk::Timer> timer =
      host_.StartTimer(std::chrono::seconds(1), [this] {
        timing_ = false;
        OnSecond();
        StartTimer();
      });
  if (!timer.ok()) {  // the next connection tries again
    host_.Log(CLUSTER_LOG_WARNING, timer.status().message());
    return;
  }
  timer_ = *std::move(timer);
  timing_ = true;
}

}  // namespace cluster::static_files
