#include "core/primary/workers/worker_signs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/scoreboard/plugin_phase.h"

namespace cluster {

std::optional<std::string> WorkerSigns::Judge(uint32_t phase,
                                              uint64_t heartbeat_ns,
                                              int64_t now_ns,
                                              const WatchdogLimits& limits) {
  if (limits.start_timeout == absl::ZeroDuration() || !phase_is_start(phase)) {
    started_ = true;
  }
  // The time is the primary's: what a worker writes need not be one.
  if (std::exchange(heartbeat_ns_, heartbeat_ns) != heartbeat_ns) {
    heartbeat_seen_ns_ = now_ns;
  }
  if (!started_ &&
      absl::Nanoseconds(now_ns - fork_ns_) >= limits.start_timeout) {
    return absl::StrCat("it did not start within ",
                        absl::FormatDuration(limits.start_timeout),
                        " (--start_timeout)");
  }
  const absl::Duration silent = absl::Nanoseconds(now_ns - heartbeat_seen_ns_);
  if (limits.heartbeat_timeout > absl::ZeroDuration() && heartbeat_ns_ != 0 &&
      silent >= limits.heartbeat_timeout) {
    return absl::StrCat("no heartbeat for ",
                        absl::FormatDuration(limits.heartbeat_timeout),
                        " (--heartbeat_timeout)");
  }
  return std::nullopt;
}

}  // namespace cluster
