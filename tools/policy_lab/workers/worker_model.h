// WorkerModel: how workers work off what they have. It knows all workers, for
// there may be ten thousand, and says which completes something first.
//
// Thread safety: none. Times never fall from call to call.
#ifndef TOOLS_POLICY_LAB_WORKERS_WORKER_MODEL_H_
#define TOOLS_POLICY_LAB_WORKERS_WORKER_MODEL_H_

#include <cstdint>
#include <span>
#include <vector>

#include "tools/policy_lab/workers/completion_tree.h"

namespace cluster::lab {

class WorkerModel {
 public:
  explicit WorkerModel(uint32_t workers) : completions_(workers) {}
  virtual ~WorkerModel() = default;

  // When the next request is completed and where; kNever if none will be.
  int64_t next_ns() const { return completions_.first_ns(); }
  uint32_t next_worker() const { return completions_.first_worker(); }

  // A request of the job came to the worker.
  virtual void Add(uint32_t worker, uint32_t job, int64_t now_ns) = 0;

  // Completes what is due: returns the job. REQUIRES: next_ns() is now_ns.
  virtual uint32_t Complete(int64_t now_ns) = 0;

  // From now on the worker does `speed` nanoseconds of work in one; 0: none.
  virtual void SetSpeed(uint32_t worker, double speed, int64_t now_ns) = 0;

  // Takes away all that the worker has: what it began, and what waits, in the
  // order of arrival.
  virtual void Clear(uint32_t worker,
                     std::vector<uint32_t>* begun,
                     std::vector<uint32_t>* waiting) = 0;

  // Sets left_ns[i] to the work that is left at workers[i].
  virtual void WorkLeft(std::span<const uint32_t> workers,
                        int64_t now_ns,
                        std::span<int64_t> left_ns) const = 0;

 protected:
  CompletionTree completions_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_WORKERS_WORKER_MODEL_H_
