#include "tools/plugin_check/probe_set.h"

#include <cstddef>
#include <utility>

namespace cluster {
namespace {

// Few enough for two CPUs, if some of them are busy all the time.
constexpr size_t kAtOnce = 4;

}  // namespace

ProbeSet::ProbeSet(std::chrono::milliseconds timeout) : timeout_(timeout) {
  for (size_t i = 0; i < kAtOnce; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

ProbeSet::~ProbeSet() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ProbeSet::Begin(const ProbeRequest& request) {
  std::shared_future<Outcome>& outcome = outcomes_[ToArguments(request)];
  if (outcome.valid()) return;
  Task task([this, request] { return RunProbe(request, timeout_); });
  outcome = task.get_future().share();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
  }
  changed_.notify_one();
}

absl::StatusOr<ProbeOutcome> ProbeSet::Await(const ProbeRequest& request) {
  Begin(request);
  return outcomes_.at(ToArguments(request)).get();
}

void ProbeSet::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
    if (ends_) return;
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace cluster
