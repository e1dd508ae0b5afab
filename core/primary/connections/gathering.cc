#include "core/primary/connections/gathering.h"

#include <algorithm>

namespace cluster {
namespace {

// Long enough for a hundred connections at the threshold, so that chance does
// not switch; short enough that a burst is met within some windows.
constexpr int64_t kWindowNs = 10'000'000;
// The weight of the newest window.
constexpr double kSmoothing = 0.4;
// After this long without a round the past says nothing.
constexpr int64_t kForgetNs = 200'000'000;

}  // namespace

bool Gathering::WantsCpuTime(int64_t now_ns) const {
  return gather_ns_ > 0 && now_ns - window_start_ns_ >= kWindowNs;
}

void Gathering::Record(int64_t now_ns, size_t accepted, int64_t thread_cpu_ns) {
  if (gather_ns_ == 0) return;
  window_accepted_ += accepted;
  const int64_t elapsed_ns = now_ns - window_start_ns_;
  if (elapsed_ns < kWindowNs) return;
  const auto seconds = static_cast<double>(elapsed_ns) * 1e-9;
  const double rate = static_cast<double>(window_accepted_) / seconds;
  const double busy =
      static_cast<double>(thread_cpu_ns - window_start_cpu_ns_) /
      static_cast<double>(elapsed_ns);
  rate_ = elapsed_ns > kForgetNs ? std::min(rate, rate_)
                                 : kSmoothing * rate + (1 - kSmoothing) * rate_;
  if (on_) {
    on_ = rate_ >= kStopRate || (rate_ >= kBusyRate && busy >= kStillBusyShare);
  } else {
    on_ = rate_ >= kStartRate || (rate_ >= kBusyRate && busy >= kBusyShare);
  }
  window_start_ns_ = now_ns;
  window_start_cpu_ns_ = thread_cpu_ns;
  window_accepted_ = 0;
}

}  // namespace cluster
