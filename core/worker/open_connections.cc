#include "core/worker/open_connections.h"

#include <algorithm>

namespace cluster {

void OpenConnections::Opened(uint64_t id, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  open_by_id_.emplace(id, Open{.since_ns = now_ns});
}

bool OpenConnections::IsOpen(uint64_t id) {
  const std::lock_guard lock(mutex_);
  return open_by_id_.contains(id);
}

bool OpenConnections::Closed(uint64_t id, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto found = open_by_id_.find(id);
  if (found == open_by_id_.end()) return false;
  const Open& open = found->second;
  if (open.requests != 0) {
    requests_->fetch_sub(open.requests, std::memory_order_relaxed);
  }
  lasted_ns_->fetch_add(std::max<int64_t>(0, now_ns - open.since_ns),
                        std::memory_order_relaxed);
  open_by_id_.erase(found);
  return true;
}

OpenConnections::Change OpenConnections::AddRequests(uint64_t id,
                                                     int32_t change) {
  const std::lock_guard lock(mutex_);
  const auto found = open_by_id_.find(id);
  if (found == open_by_id_.end()) return Change::kNotOpen;
  int64_t& requests = found->second.requests;
  const bool below_zero = requests + change < 0;
  const int64_t difference = below_zero ? -requests : int64_t{change};
  requests += difference;
  requests_->fetch_add(difference, std::memory_order_relaxed);
  return below_zero ? Change::kBelowZero : Change::kDone;
}

}  // namespace cluster
