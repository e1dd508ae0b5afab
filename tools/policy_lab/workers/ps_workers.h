// PsWorkers: each worker serves all its requests at once and shares itself
// evenly among them (processor sharing), as an event loop does with requests
// that yield often.
//
// A request is done when the work that each request of its worker got reaches
// a mark, so a change of how many share moves no marks.
#ifndef TOOLS_POLICY_LAB_WORKERS_PS_WORKERS_H_
#define TOOLS_POLICY_LAB_WORKERS_PS_WORKERS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "tools/policy_lab/job_pool.h"
#include "tools/policy_lab/workers/worker_model.h"

namespace cluster::lab {

class PsWorkers : public WorkerModel {
 public:
  // `jobs` must outlive it.
  PsWorkers(uint32_t workers, const JobPool& jobs);

  void Add(uint32_t worker, uint32_t job, int64_t now_ns) override;
  uint32_t Complete(int64_t now_ns) override;
  void SetSpeed(uint32_t worker, double speed, int64_t now_ns) override;
  void Clear(uint32_t worker,
             std::vector<uint32_t>* begun,
             std::vector<uint32_t>* waiting) override;
  void WorkLeft(std::span<const uint32_t> workers,
                int64_t now_ns,
                std::span<int64_t> left_ns) const override;

 private:
  struct Share {
    double mark;  // of `attained`, at which it is done
    uint32_t job;
    bool operator>(const Share& other) const { return mark > other.mark; }
  };
  struct Worker {
    std::vector<Share> shares = {};  // a heap, the least mark in front
    double attained = 0;   // work in ns that each got since it was idle
    double marks = 0;      // their sum
    int64_t since_ns = 0;  // when `attained` was right
    double speed = 1;
  };

  // What `attained` is at `now_ns`.
  static double AttainedAt(const Worker& worker, int64_t now_ns);
  void Advance(Worker& worker, int64_t now_ns);
  void Schedule(uint32_t index);

  const JobPool& jobs_;
  std::vector<Worker> workers_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_WORKERS_PS_WORKERS_H_
