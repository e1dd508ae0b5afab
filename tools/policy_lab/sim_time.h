// The clock of a simulation: whole nanoseconds from its beginning, so that sums
// are exact and equal paths are equal to the last digit.
#ifndef TOOLS_POLICY_LAB_SIM_TIME_H_
#define TOOLS_POLICY_LAB_SIM_TIME_H_

#include <cstdint>
#include <limits>

namespace cluster::lab {

// The time of what does not happen.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Returns the whole nanoseconds of a duration, at least 1. What is over a
// hundred years counts as that, so that sums do not overflow.
inline int64_t AtLeastOneNs(double ns) {
  constexpr double kMaxNs = 3.2e18;
  if (ns >= kMaxNs) return static_cast<int64_t>(kMaxNs);
  return ns < 1 ? 1 : static_cast<int64_t>(ns + 0.5);
}

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SIM_TIME_H_
