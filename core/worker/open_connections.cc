#include "core/worker/open_connections.h"

namespace cluster {

void OpenConnections::Opened(uint64_t id) {
  const std::lock_guard lock(mutex_);
  requests_by_id_.emplace(id, 0);
}

bool OpenConnections::Closed(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = requests_by_id_.find(id);
  if (found == requests_by_id_.end()) return false;
  if (found->second != 0) {
    requests_->fetch_sub(found->second, std::memory_order_relaxed);
  }
  requests_by_id_.erase(found);
  return true;
}

OpenConnections::Change OpenConnections::AddRequests(uint64_t id,
                                                     int32_t change) {
  const std::lock_guard lock(mutex_);
  const auto found = requests_by_id_.find(id);
  if (found == requests_by_id_.end()) return Change::kNotOpen;
  const bool below_zero = found->second + change < 0;
  const int64_t difference = below_zero ? -found->second : int64_t{change};
  found->second += difference;
  requests_->fetch_add(difference, std::memory_order_relaxed);
  return below_zero ? Change::kBelowZero : Change::kDone;
}

}  // namespace cluster
