#include "core/primary/workers/watchdog.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "core/base/monotonic_clock.h"
#include "core/primary/workers/worker_process.h"
#include "core/scoreboard/slot_page.h"

namespace cluster {
namespace {

constexpr absl::Duration kMinPeriod = absl::Milliseconds(10);
constexpr absl::Duration kMaxPeriod = absl::Seconds(1);

// How often to look: what is late is found within a quarter of its limit.
absl::Duration PeriodOf(const WatchdogLimits& limits) {
  absl::Duration period = kMaxPeriod;
  for (const absl::Duration limit :
       {limits.start_timeout, limits.heartbeat_timeout}) {
    if (limit > absl::ZeroDuration()) period = std::min(period, limit / 4);
  }
  return std::max(period, kMinPeriod);
}

}  // namespace

void Watchdog::Watch() {
  const bool limited = limits_.start_timeout > absl::ZeroDuration() ||
                       limits_.heartbeat_timeout > absl::ZeroDuration();
  if (!limited || alarm_.set()) return;
  alarm_.Set(absl::ToChronoNanoseconds(PeriodOf(limits_)), [this] { Look(); });
}

void Watchdog::Look() {
  const int64_t now_ns = MonotonicNs();
  bool go_on = limits_.heartbeat_timeout > absl::ZeroDuration();
  workers_.ForEach([&](WorkerProcess& worker) {
    // One that is about to end has its own deadline.
    if (worker.told_to_drain || !worker.last_words.empty()) return;
    const SlotPage& page = worker.slot().page();
    const std::optional<std::string> why =
        worker.signs.Judge(page.phase.load(std::memory_order_relaxed),
                           page.heartbeat_ns.load(std::memory_order_relaxed),
                           now_ns,
                           limits_);
    go_on |= !worker.signs.started();
    if (!why) return;
    worker.last_words = *why;
    (void)worker.Signal(SIGKILL);
  });
  if (go_on) Watch();
}

}  // namespace cluster
