// How much the tests ask for and how long they wait, plain and under a
// sanitizer: the one place that says so.
//
// Thread safety: constants and pure functions.
//
//   for (size_t i = 0; i < Scaled(10'000); ++i) ...
//   EXPECT_LT(latency, Bound(absl::Milliseconds(100)));
#ifndef TESTS_INTEGRATION_SCALE_H_
#define TESTS_INTEGRATION_SCALE_H_

#include <cstddef>

#include "absl/time/time.h"

namespace cluster {

#if __has_feature(thread_sanitizer)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = kThreadSanitizer;
#endif

// The number of connections or requests of a load that is `n` in a plain build.
constexpr size_t Scaled(size_t n) { return kSanitized ? n / 10 : n; }

// The limit of something measured that is `bound` in a plain build.
inline absl::Duration Bound(absl::Duration bound) {
  return kSanitized ? 10 * bound : bound;
}

// For what is sure to happen, on however slow a machine: a test that waits this
// long has failed.
inline absl::Duration Deadline() { return absl::Seconds(kSanitized ? 60 : 20); }

}  // namespace cluster

#endif  // TESTS_INTEGRATION_SCALE_H_
