#include "core/primary/messages/primary_requests.h"

#include "core/base/deadline_ns.h"

namespace cluster {

uint64_t PrimaryRequests::Add(uint32_t worker,
                              int64_t deadline_ns,
                              Replied replied) {
  const uint64_t number = next_number_++;
  if (deadline_ns != kNeverNs) deadlines_.emplace(deadline_ns, number);
  waiting_.emplace(number,
                   Waiting{.number = number,
                           .worker = worker,
                           .deadline_ns = deadline_ns,
                           .replied = std::move(replied)});
  return number;
}

std::optional<PrimaryRequests::Waiting> PrimaryRequests::Take(uint64_t number) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return std::nullopt;
  Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  deadlines_.erase({waiting.deadline_ns, number});
  return waiting;
}

std::optional<PrimaryRequests::Waiting> PrimaryRequests::TakeDue(
    int64_t now_ns) {
  const std::optional<int64_t> next_ns = next_deadline_ns();
  if (!next_ns.has_value() || *next_ns > now_ns) return std::nullopt;
  return Take(deadlines_.begin()->second);
}

std::optional<int64_t> PrimaryRequests::next_deadline_ns() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

}  // namespace cluster
