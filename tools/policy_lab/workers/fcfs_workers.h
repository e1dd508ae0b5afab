// FcfsWorkers: each worker serves one request at a time, first come, first
// served, as one that blocks while it computes.
#ifndef TOOLS_POLICY_LAB_WORKERS_FCFS_WORKERS_H_
#define TOOLS_POLICY_LAB_WORKERS_FCFS_WORKERS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "tools/policy_lab/job_pool.h"
#include "tools/policy_lab/workers/worker_model.h"

namespace cluster::lab {

class FcfsWorkers : public WorkerModel {
 public:
  // `jobs` must outlive it.
  FcfsWorkers(uint32_t workers, JobPool& jobs);

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
  struct Worker {
    uint32_t head = kNoJob;  // in service
    uint32_t tail = kNoJob;
    int64_t since_ns = 0;   // when the rest of the head began
    int64_t left_ns = 0;    // the work of that rest
    int64_t queued_ns = 0;  // the work behind the head
    double speed = 1;
  };

  // Work of the head that is not done at `now_ns`.
  int64_t HeadLeft(const Worker& worker, int64_t now_ns) const;
  void BeginHead(uint32_t index, int64_t work_ns, int64_t now_ns);

  JobPool& jobs_;
  std::vector<Worker> workers_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_WORKERS_FCFS_WORKERS_H_
