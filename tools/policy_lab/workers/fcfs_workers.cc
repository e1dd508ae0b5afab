#include "tools/policy_lab/workers/fcfs_workers.h"

#include <algorithm>
#include <cmath>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {

FcfsWorkers::FcfsWorkers(uint32_t workers, JobPool& jobs)
    : WorkerModel(workers), jobs_(jobs), workers_(workers) {}

int64_t FcfsWorkers::HeadLeft(const Worker& worker, int64_t now_ns) const {
  const int64_t passed_ns = now_ns - worker.since_ns;
  // Whole numbers while nothing is slow: paths must be exact.
  const int64_t done_ns =
      worker.speed == 1
          ? passed_ns
          : std::llround(static_cast<double>(passed_ns) * worker.speed);
  return std::max<int64_t>(0, worker.left_ns - done_ns);
}

void FcfsWorkers::BeginHead(uint32_t index, int64_t work_ns, int64_t now_ns) {
  Worker& worker = workers_[index];
  worker.since_ns = now_ns;
  worker.left_ns = work_ns;
  int64_t ns = kNever;
  if (worker.speed == 1) {
    ns = now_ns + work_ns;
  } else if (worker.speed > 0) {
    ns = now_ns + AtLeastOneNs(static_cast<double>(work_ns) / worker.speed);
  }
  completions_.Set(index, ns);
}

void FcfsWorkers::Add(uint32_t index, uint32_t job, int64_t now_ns) {
  Worker& worker = workers_[index];
  const int64_t work_ns = jobs_[job].work_ns;
  jobs_[job].next = kNoJob;
  if (worker.head == kNoJob) {
    worker.head = worker.tail = job;
    BeginHead(index, work_ns, now_ns);
    return;
  }
  jobs_[worker.tail].next = job;
  worker.tail = job;
  worker.queued_ns += work_ns;
}

uint32_t FcfsWorkers::Complete(int64_t now_ns) {
  const uint32_t index = next_worker();
  Worker& worker = workers_[index];
  const uint32_t job = worker.head;
  worker.head = jobs_[job].next;
  if (worker.head == kNoJob) {
    worker.tail = kNoJob;
    completions_.Set(index, kNever);
    return job;
  }
  const int64_t work_ns = jobs_[worker.head].work_ns;
  worker.queued_ns -= work_ns;
  BeginHead(index, work_ns, now_ns);
  return job;
}

void FcfsWorkers::SetSpeed(uint32_t index, double speed, int64_t now_ns) {
  Worker& worker = workers_[index];
  const int64_t left_ns = HeadLeft(worker, now_ns);
  worker.speed = speed;
  if (worker.head != kNoJob) BeginHead(index, left_ns, now_ns);
}

void FcfsWorkers::Clear(uint32_t index,
                        std::vector<uint32_t>* begun,
                        std::vector<uint32_t>* waiting) {
  Worker& worker = workers_[index];
  if (worker.head == kNoJob) return;
  begun->push_back(worker.head);
  for (uint32_t job = jobs_[worker.head].next; job != kNoJob;
       job = jobs_[job].next) {
    waiting->push_back(job);
  }
  worker = {.speed = worker.speed};
  completions_.Set(index, kNever);
}

void FcfsWorkers::WorkLeft(std::span<const uint32_t> workers,
                           int64_t now_ns,
                           std::span<int64_t> left_ns) const {
  for (size_t i = 0; i < workers.size(); ++i) {
    const Worker& worker = workers_[workers[i]];
    left_ns[i] =
        worker.head == kNoJob ? 0 : HeadLeft(worker, now_ns) + worker.queued_ns;
  }
}

}  // namespace cluster::lab
