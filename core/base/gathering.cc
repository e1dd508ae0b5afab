#include "core/base/gathering.h"

#include <algorithm>

namespace cluster {
namespace {

// Long enough for a hundred connections at the threshold, so that chance does
// not switch; short enough that a burst is met within some windows.
constexpr int64_t kWindowNs = 10'000'000;
// The weight of the newest window.
constexpr double kSmoothing = 0.4;
// That of the newest round in what a round takes.
constexpr double kRoundWeight = 1.0 / 16;
// After this long without a round the past says nothing.
constexpr int64_t kForgetNs = 200'000'000;

}  // namespace

int64_t Gathering::delay_ns() const {
  if (!on_) return 0;
  return std::clamp(static_cast<int64_t>(kWaitForRound * took_ns_),
                    gather_ns_,
                    kLongestWait * gather_ns_);
}

int64_t Gathering::Wait(int64_t now_ns) {
  if (due_ns_ > 0 && now_ns >= due_ns_) {
    // One that was stopped, or had no CPU for long, says nothing of the next.
    const int64_t took_ns =
        std::min(now_ns - due_ns_, kLongestWait * gather_ns_);
    took_ns_ += kRoundWeight * (static_cast<double>(took_ns) - took_ns_);
  }
  const int64_t delay_ns = this->delay_ns();
  due_ns_ = now_ns + delay_ns;
  return delay_ns;
}

bool Gathering::WantsCpuTime(int64_t now_ns) const {
  return gather_ns_ > 0 && now_ns - window_start_ns_ >= kWindowNs;
}

void Gathering::Record(int64_t now_ns, size_t accepted, int64_t thread_cpu_ns) {
  if (gather_ns_ == 0) return;
  window_accepted_ += accepted;
  empty_rounds_ = accepted > 0 ? 0 : empty_rounds_ + 1;
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
    on_ = rate_ >= rates_.stop ||
          (rate_ >= rates_.busy && busy >= kStillBusyShare);
  } else {
    on_ = rate_ >= rates_.start || (rate_ >= rates_.busy && busy >= kBusyShare);
  }
  if (!on_) due_ns_ = 0;
  window_start_ns_ = now_ns;
  window_start_cpu_ns_ = thread_cpu_ns;
  window_accepted_ = 0;
}

}  // namespace cluster
