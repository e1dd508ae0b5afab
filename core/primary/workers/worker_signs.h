// WorkerSigns: whether a worker that started, or that has sent heartbeats, is
// late by now.
//
// Thread safety: plain values. It reads no clock.
//
//   if (const auto why = signs.Judge(phase, heartbeat_ns, now_ns, limits)) ...
#ifndef CORE_PRIMARY_WORKERS_WORKER_SIGNS_H_
#define CORE_PRIMARY_WORKERS_WORKER_SIGNS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace cluster {

struct WatchdogLimits {
  // Zero: no limit.
  absl::Duration start_timeout = absl::Seconds(30);
  absl::Duration heartbeat_timeout = absl::ZeroDuration();
};

class WorkerSigns {
 public:
  // The worker's start began at `fork_ns`, on the clock of `now_ns`.
  explicit WorkerSigns(int64_t fork_ns) : fork_ns_(fork_ns) {}

  // Takes in what its page says, which may be anything, and says why the worker
  // should be killed; nothing, if it should not.
  std::optional<std::string> Judge(uint32_t phase,
                                   uint64_t heartbeat_ns,
                                   int64_t now_ns,
                                   const WatchdogLimits& limits);

  // Its plugin's start has returned, or had no need to.
  bool started() const { return started_; }

 private:
  int64_t fork_ns_;
  bool started_ = false;
  uint64_t heartbeat_ns_ = 0;  // as it was written; 0: none yet
  int64_t heartbeat_seen_ns_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_SIGNS_H_
