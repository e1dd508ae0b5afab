// RestartWindow: how often workers may be replaced before something is wrong.
//
// At most `intensity` restarts in any `period`, counted exactly: the last ones
// are remembered, not averaged. Whoever gets a no decides what to do about it.
//
// Source: restart intensity of Erlang/OTP supervisors, "Maximum Restart
// Intensity" in erlang.org/doc/system/sup_princ. Unlike there, a refused
// restart does not count, since it did not happen.
//
// Thread safety: none. Times are of any one clock; the wall clock may be set,
// so it is the wrong one.
//
//   RestartWindow window(5, absl::Seconds(10));
//   if (!window.Admit(now)) GiveUp();
#ifndef CORE_SUPERVISOR_RESTART_WINDOW_H_
#define CORE_SUPERVISOR_RESTART_WINDOW_H_

#include <cstddef>
#include <deque>

#include "absl/time/time.h"

namespace cluster {

class RestartWindow {
 public:
  static constexpr size_t kDefaultIntensity = 5;
  static constexpr absl::Duration kDefaultPeriod = absl::Seconds(10);

  // An intensity of 0 admits nothing; a period of 0 or less admits everything
  // that an intensity above 0 is asked for.
  explicit RestartWindow(size_t intensity = kDefaultIntensity,
                         absl::Duration period = kDefaultPeriod)
      : intensity_(intensity), period_(period) {}

  // Returns true, and counts one restart at `now`, if fewer than `intensity`
  // were admitted in the `period` before. One that lies a whole period back no
  // longer counts. A clock that steps back counts as standing still.
  [[nodiscard]] bool Admit(absl::Time now);

 private:
  // The earliest time at which Admit will be true. REQUIRES: the intensity is
  // not 0.
  absl::Time NextAdmission() const;

  const size_t intensity_;
  const absl::Duration period_;
  // Admitted restarts, rising; at most `intensity_` of them.
  std::deque<absl::Time> admitted_;
};

}  // namespace cluster

#endif  // CORE_SUPERVISOR_RESTART_WINDOW_H_
