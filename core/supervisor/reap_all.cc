#include "core/supervisor/reap_all.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>

#include "core/base/monotonic_clock.h"
#include "core/supervisor/spawner.h"

namespace cluster {
namespace {

// Removes those that have ended until none is left or `limit` has passed.
void ReapFor(absl::Duration limit, std::vector<int>* pidfds) {
  const int64_t begin_ns = MonotonicNs();
  while (true) {
    std::erase_if(*pidfds, [](int pidfd) { return Reap(pidfd).has_value(); });
    const absl::Duration left =
        limit - absl::Nanoseconds(MonotonicNs() - begin_ns);
    if (pidfds->empty() || left <= absl::ZeroDuration()) return;
    const int64_t left_ms = absl::ToInt64Milliseconds(
        absl::Ceil(std::min(left, absl::Hours(1)), absl::Milliseconds(1)));
    std::vector<pollfd> polled;
    for (const int pidfd : *pidfds) polled.push_back({pidfd, POLLIN, 0});
    poll(polled.data(), polled.size(), static_cast<int>(left_ms));
  }
}

}  // namespace

void ReapAll(std::vector<int> pidfds, absl::Duration grace) {
  ReapFor(grace, &pidfds);
  std::erase_if(pidfds,
                [](int pidfd) { return SendSignal(pidfd, SIGKILL) != 0; });
  ReapFor(grace, &pidfds);
}

}  // namespace cluster
