// DeadlineNs: when something is due that may be due in a very long time.
//
// Thread safety: pure functions.
//
//   const int64_t end_ns =
//       DeadlineNs(MonotonicNs(), absl::ToInt64Nanoseconds(timeout));
//   if (end_ns != kNeverNs) timer.Set(end_ns);
#ifndef CORE_BASE_DEADLINE_NS_H_
#define CORE_BASE_DEADLINE_NS_H_

#include <cstdint>

namespace cluster {

inline constexpr int64_t kNeverNs = INT64_MAX;

// Returns `now_ns` + `delay_ns`, the nearest number that there is if that is
// none: kNeverNs for a delay that is infinite or nearly so.
constexpr int64_t DeadlineNs(int64_t now_ns, int64_t delay_ns) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(now_ns, delay_ns, &sum)) return sum;
  return delay_ns > 0 ? kNeverNs : INT64_MIN;
}

}  // namespace cluster

#endif  // CORE_BASE_DEADLINE_NS_H_
