// ProgressBar: how far a long computation is, on one line of standard error.
//
// Thread safety: none; it has a thread of its own for as long as it lives.
//
//   std::atomic<uint64_t> done = 0;
//   ProgressBar bar(total, done);
//   Compute(&done);
#ifndef TOOLS_POLICY_LAB_PROGRESS_BAR_H_
#define TOOLS_POLICY_LAB_PROGRESS_BAR_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace cluster::lab {

// Returns the line: a bar, per cent, rate, and the time that is left.
std::string ProgressLine(uint64_t done, uint64_t total, double seconds);

class ProgressBar {
 public:
  // `done` must outlive it; `total` is above 0.
  ProgressBar(uint64_t total, const std::atomic<uint64_t>& done);
  // Wipes the line.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

 private:
  void Draw();

  const uint64_t total_;
  const std::atomic<uint64_t>& done_;
  std::mutex mutex_;  // guards ended_
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_PROGRESS_BAR_H_
