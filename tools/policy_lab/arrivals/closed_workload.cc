#include "tools/policy_lab/arrivals/closed_workload.h"

#include <algorithm>
#include <functional>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {
namespace {

constexpr uint64_t kThinking = 0;

}  // namespace

ClosedWorkload::ClosedWorkload(uint32_t clients,
                               double think_ns,
                               uint64_t count,
                               const RequestShape& shape,
                               uint64_t seed)
    : think_ns_(think_ns),
      left_(count),
      random_(seed, kThinking),
      source_(shape, seed) {
  for (uint32_t i = 0; i < clients; ++i) Think(0);
  Advance();
}

void ClosedWorkload::Think(int64_t now_ns) {
  const int64_t think_ns =
      think_ns_ == 0 ? 0 : AtLeastOneNs(random_.Exponential() * think_ns_);
  due_ns_.push_back(now_ns + think_ns);
  std::push_heap(due_ns_.begin(), due_ns_.end(), std::greater<>());
}

void ClosedWorkload::Advance() {
  next_ns_ = left_ == 0 || due_ns_.empty() ? kNever : due_ns_.front();
}

Demand ClosedWorkload::Take() {
  --left_;
  std::pop_heap(due_ns_.begin(), due_ns_.end(), std::greater<>());
  due_ns_.pop_back();
  Advance();
  return source_.Draw();
}

FollowingRequest ClosedWorkload::Next(uint64_t seed, uint32_t left) {
  return source_.Next(seed, left);
}

void ClosedWorkload::OnEnded(int64_t now_ns) {
  Think(now_ns);
  Advance();
}

}  // namespace cluster::lab
