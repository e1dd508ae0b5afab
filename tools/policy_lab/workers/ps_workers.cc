#include "tools/policy_lab/workers/ps_workers.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {

PsWorkers::PsWorkers(uint32_t workers, const JobPool& jobs)
    : WorkerModel(workers), jobs_(jobs), workers_(workers) {}

double PsWorkers::AttainedAt(const Worker& worker, int64_t now_ns) {
  if (worker.shares.empty()) return 0;
  return worker.attained + static_cast<double>(now_ns - worker.since_ns) *
                               worker.speed /
                               static_cast<double>(worker.shares.size());
}

void PsWorkers::Advance(Worker& worker, int64_t now_ns) {
  worker.attained = AttainedAt(worker, now_ns);
  worker.since_ns = now_ns;
}

void PsWorkers::Schedule(uint32_t index) {
  const Worker& worker = workers_[index];
  if (worker.shares.empty() || worker.speed == 0) {
    completions_.Set(index, kNever);
    return;
  }
  const double each_ns =
      std::max(0.0, worker.shares.front().mark - worker.attained);
  const double all_ns = each_ns * static_cast<double>(worker.shares.size());
  completions_.Set(index,
                   worker.since_ns + std::llround(all_ns / worker.speed));
}

void PsWorkers::Add(uint32_t index, uint32_t job, int64_t now_ns) {
  Worker& worker = workers_[index];
  Advance(worker, now_ns);
  const double mark = worker.attained + static_cast<double>(jobs_[job].work_ns);
  worker.marks += mark;
  worker.shares.push_back({mark, job});
  std::push_heap(worker.shares.begin(), worker.shares.end(), std::greater<>());
  Schedule(index);
}

uint32_t PsWorkers::Complete(int64_t now_ns) {
  const uint32_t index = next_worker();
  Worker& worker = workers_[index];
  Advance(worker, now_ns);
  std::pop_heap(worker.shares.begin(), worker.shares.end(), std::greater<>());
  const Share done = worker.shares.back();
  worker.shares.pop_back();
  worker.marks -= done.mark;
  // Small numbers again, before they lose digits.
  if (worker.shares.empty()) worker.attained = worker.marks = 0;
  Schedule(index);
  return done.job;
}

void PsWorkers::SetSpeed(uint32_t index, double speed, int64_t now_ns) {
  Advance(workers_[index], now_ns);
  workers_[index].speed = speed;
  Schedule(index);
}

void PsWorkers::Clear(uint32_t index,
                      std::vector<uint32_t>* begun,
                      std::vector<uint32_t>* waiting) {
  Worker& worker = workers_[index];
  for (const Share& share : worker.shares) begun->push_back(share.job);
  worker = {.speed = worker.speed};
  Schedule(index);
}

void PsWorkers::WorkLeft(std::span<const uint32_t> workers,
                         int64_t now_ns,
                         std::span<int64_t> left_ns) const {
  for (size_t i = 0; i < workers.size(); ++i) {
    const Worker& worker = workers_[workers[i]];
    const double left =
        worker.marks -
        AttainedAt(worker, now_ns) * static_cast<double>(worker.shares.size());
    left_ns[i] = std::llround(std::max(0.0, left));
  }
}

}  // namespace cluster::lab
