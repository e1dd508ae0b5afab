// Replacement: whether a worker that has ended gets a successor.
//
// It decides and does nothing: the primary forks, or ends. A primary without
// one replaces nobody.
//
// Thread safety: none.
//
//   switch (replacement.Judge(ending, now)) { ... }
#ifndef CORE_PRIMARY_WORKERS_REPLACEMENT_H_
#define CORE_PRIMARY_WORKERS_REPLACEMENT_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "core/primary/workers/worker_spec.h"
#include "core/supervisor/restart_window.h"
#include "core/supervisor/worker_record.h"

namespace cluster {

struct ReplacementOptions {
  WorkerSpec program = {};  // what they all run
  uint32_t workers = 1;
  size_t restarts = RestartWindow::kDefaultIntensity;
  absl::Duration period = RestartWindow::kDefaultPeriod;
  // A worker that ends as planned counts as a restart only if it ends sooner.
  absl::Duration shortest_life = absl::Seconds(1);
};

class Replacement {
 public:
  enum class Verdict {
    kReplace,
    kTooOften,  // workers end too often
    kHopeless,  // it said that a successor would end likewise
  };

  struct Ending {
    bool planned = false;
    bool wanted = false;  // planned by an operator
    WorkerExit exit = {};
    absl::Duration life = absl::ZeroDuration();
  };

  explicit Replacement(const ReplacementOptions& options)
      : shortest_life_(options.shortest_life),
        window_(options.restarts, options.period) {}

  // A worker has ended so, `now`, by a clock that nobody sets. What was planned
  // is no death and does not count; but one that asks to end as soon as it has
  // begun, again and again, must not make the primary spin. An operator does
  // not.
  Verdict Judge(const Ending& ending, absl::Time now);

  // The kernel refused to start a worker while none is left. Returns whether to
  // try again: each time counts as a restart.
  bool AdmitRetry(absl::Time now) { return window_.Admit(now); }

 private:
  const absl::Duration shortest_life_;
  RestartWindow window_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_REPLACEMENT_H_
