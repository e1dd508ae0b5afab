#include "core/host/rolling_restart.h"

#include <utility>

#include "core/primary/primary.h"

namespace cluster {

RollingRestart::RollingRestart(Cluster& cluster, std::function<void()> done)
    : cluster_(cluster), done_(std::move(done)) {
  listener_ =
      cluster_.on(events::listening, [this](Worker& worker, const Address&) {
        if (running_ && worker.id() > newest_) Next();
      });
}

void RollingRestart::Begin() {
  left_.clear();
  for (const auto& [id, worker] : cluster_.workers()) left_.push_back(id);
  // Else the successor that is awaited is among them.
  if (!std::exchange(running_, true)) Next();
}

void RollingRestart::Next() {
  while (!left_.empty()) {
    const Cluster::Workers workers = cluster_.workers();
    if (!workers.empty()) newest_ = workers.rbegin()->first;
    const uint32_t id = left_.front();
    left_.pop_front();
    // One that is gone has its successor.
    if (workers.count(id) == 0) continue;
    if (cluster_.engine().admin().Restart(id).ok()) return;
  }
  running_ = false;
  done_();
}

}  // namespace cluster
