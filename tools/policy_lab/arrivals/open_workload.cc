#include "tools/policy_lab/arrivals/open_workload.h"

#include <utility>

namespace cluster::lab {
namespace {

constexpr uint64_t kGaps = 0;
// Beyond this a double no longer knows every nanosecond: 104 days.
constexpr double kMaxNs = 9e15;

}  // namespace

OpenWorkload::OpenWorkload(std::unique_ptr<Gaps> gaps,
                           double gap_ns,
                           uint64_t count,
                           const RequestShape& shape,
                           uint64_t seed)
    : gaps_(std::move(gaps)),
      gap_ns_(gap_ns),
      left_(count),
      random_(seed, kGaps),
      source_(shape, seed) {
  Advance();
}

void OpenWorkload::Advance() {
  exact_ns_ += gaps_->Draw(random_) * gap_ns_;
  const bool comes = left_ > 0 && exact_ns_ <= kMaxNs;
  next_ns_ = comes ? static_cast<int64_t>(exact_ns_) : kNever;
}

Demand OpenWorkload::Take() {
  --left_;
  Advance();
  return source_.Draw();
}

FollowingRequest OpenWorkload::Next(uint64_t seed, uint32_t left) {
  return source_.Next(seed, left);
}

}  // namespace cluster::lab
