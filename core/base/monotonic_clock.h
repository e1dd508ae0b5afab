// MonotonicNs: the time for measuring, not for people.
#ifndef CORE_BASE_MONOTONIC_CLOCK_H_
#define CORE_BASE_MONOTONIC_CLOCK_H_

#include <cstdint>
#include <ctime>

namespace cluster {

inline int64_t ClockNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

// Nanoseconds of CLOCK_MONOTONIC. Any thread.
inline int64_t MonotonicNs() { return ClockNs(CLOCK_MONOTONIC); }

// CPU nanoseconds the calling thread has used.
inline int64_t ThreadCpuNs() { return ClockNs(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace cluster

#endif  // CORE_BASE_MONOTONIC_CLOCK_H_
