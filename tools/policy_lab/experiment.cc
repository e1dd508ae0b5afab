#include "tools/policy_lab/experiment.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "tools/policy_lab/run_once.h"
#include "tools/policy_lab/run_result.h"

namespace cluster::lab {
namespace {

// Gives out runs and takes what they found, in whatever order.
class Runs {
 public:
  Runs(const Experiment& experiment, std::atomic<uint64_t>* progress)
      : experiment_(experiment),
        progress_(progress),
        count_(experiment.policies.size() * experiment.seeds) {
    for (const std::string& policy : experiment.policies) {
      summaries_.emplace_back(policy);
    }
  }

  // Runs one after the other, until all are given out.
  void Work() {
    for (;;) {
      const size_t run = next_++;
      if (run >= count_ || failed_) return;
      const size_t seed = run % experiment_.seeds;
      Take(run,
           RunOnce(experiment_.scenario,
                   experiment_.policies[run / experiment_.seeds],
                   experiment_.first_seed + seed,
                   {.progress = progress_}));
    }
  }

  absl::StatusOr<std::vector<Summary>> Finish() {
    if (!status_.ok()) return status_;
    return std::move(summaries_);
  }

 private:
  // Adds in the order of runs, so that sums are the same each time.
  void Take(size_t run, absl::StatusOr<RunResult> result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!result.ok()) {
      failed_ = true;
      if (run < first_failed_) {
        first_failed_ = run;
        status_ = result.status();
      }
      return;
    }
    done_.emplace(run, *std::move(result));
    while (!done_.empty() && done_.begin()->first == added_) {
      summaries_[added_ / experiment_.seeds].Add(done_.begin()->second);
      done_.erase(done_.begin());
      ++added_;
    }
  }

  const Experiment& experiment_;
  std::atomic<uint64_t>* const progress_;
  const size_t count_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> failed_ = false;

  std::mutex mutex_;  // guards what follows
  std::map<size_t, RunResult> done_;
  size_t added_ = 0;
  size_t first_failed_ = SIZE_MAX;
  absl::Status status_;
  std::vector<Summary> summaries_;
};

}  // namespace

absl::StatusOr<std::vector<Summary>> RunExperiment(
    const Experiment& experiment, std::atomic<uint64_t>* progress) {
  Runs runs(experiment, progress);
  std::vector<std::thread> threads;
  const size_t wanted = std::min<size_t>(
      experiment.threads, experiment.policies.size() * experiment.seeds);
  for (size_t i = 1; i < wanted; ++i) {
    threads.emplace_back([&runs] { runs.Work(); });
  }
  runs.Work();
  for (std::thread& thread : threads) thread.join();
  return runs.Finish();
}

}  // namespace cluster::lab
