#include "tools/policy_lab/progress_bar.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace cluster::lab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBarWidth = 30;
constexpr auto kInterval = std::chrono::milliseconds(200);
constexpr char kWipe[] = "\r\x1b[K";

}  // namespace

std::string ProgressLine(uint64_t done, uint64_t total, double seconds) {
  const double share =
      std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<size_t>(share * kBarWidth);
  std::string line = absl::StrFormat("[%s%s] %3.0f %%",
                                     std::string(filled, '#'),
                                     std::string(kBarWidth - filled, '.'),
                                     100 * share);
  if (done == 0 || seconds <= 0) return line;
  const double rate = static_cast<double>(done) / seconds;
  const double left = static_cast<double>(total) * (1 - share) / rate;
  return line +
         absl::StrFormat("  %.1f M arrivals/s, %.0f s left", rate / 1e6, left);
}

ProgressBar::ProgressBar(uint64_t total, const std::atomic<uint64_t>& done)
    : total_(total), done_(done), thread_([this] { Draw(); }) {}

ProgressBar::~ProgressBar() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
  std::fputs(kWipe, stderr);
}

void ProgressBar::Draw() {
  const Clock::time_point begin = Clock::now();
  std::unique_lock<std::mutex> lock(mutex_);
  while (!changed_.wait_for(lock, kInterval, [this] { return ended_; })) {
    const std::chrono::duration<double> passed = Clock::now() - begin;
    const std::string line = ProgressLine(done_, total_, passed.count());
    std::fprintf(stderr, "%s%s", kWipe, line.c_str());
  }
}

}  // namespace cluster::lab
