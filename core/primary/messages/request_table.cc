#include "core/primary/messages/request_table.h"

namespace cluster {

bool RequestTable::Add(RequestKey key, uint32_t asked) {
  size_t& count = counts_[key.asker];
  if (count >= limit_ || !asked_.emplace(key, asked).second) return false;
  ++count;
  return true;
}

std::optional<uint32_t> RequestTable::AskedOf(RequestKey key) const {
  const auto found = asked_.find(key);
  if (found == asked_.end()) return std::nullopt;
  return found->second;
}

void RequestTable::Erase(RequestKey key) {
  if (asked_.erase(key) == 0) return;
  const auto count = counts_.find(key.asker);
  if (--count->second == 0) counts_.erase(count);
}

std::vector<RequestTable::Open> RequestTable::TakeAllOf(uint32_t worker) {
  std::vector<Open> taken;
  for (const auto& [key, asked] : asked_) {
    if (key.asker == worker || asked == worker) taken.push_back({key, asked});
  }
  for (const Open& open : taken) Erase(open.key);
  return taken;
}

}  // namespace cluster
