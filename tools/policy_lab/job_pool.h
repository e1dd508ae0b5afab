// JobPool: the connections that are present, by index. Their memory is used
// again, so that it grows with how many there are at a time, not in all.
//
// Thread safety: none. A reference is valid until the next New().
#ifndef TOOLS_POLICY_LAB_JOB_POOL_H_
#define TOOLS_POLICY_LAB_JOB_POOL_H_

#include <cstdint>
#include <limits>
#include <vector>

namespace cluster::lab {

inline constexpr uint32_t kNoJob = std::numeric_limits<uint32_t>::max();

// A connection and its present request.
struct Job {
  int64_t arrival_ns = 0;  // of the request
  int64_t work_ns = 0;     // of the request
  int64_t opened_ns = 0;   // arrival of the connection
  uint64_t key = 0;
  uint64_t seed = 0;           // of the requests that follow
  uint32_t requests_left = 0;  // after this one
  uint32_t next = kNoJob;      // behind it in its queue
  uint32_t worker = 0;
  uint32_t generation = 0;  // of the worker that has it
  bool measured = false;    // it came after the warm-up
  bool first = true;        // no request of it was served yet
};

class JobPool {
 public:
  // Returns the index of a job with its members as they are by default.
  uint32_t New() {
    ++size_;
    if (free_ == kNoJob) {
      jobs_.emplace_back();
      return static_cast<uint32_t>(jobs_.size() - 1);
    }
    const uint32_t job = free_;
    free_ = jobs_[job].next;
    jobs_[job] = Job{};
    return job;
  }

  void Delete(uint32_t job) {
    --size_;
    jobs_[job].next = free_;
    free_ = job;
  }

  Job& operator[](uint32_t job) { return jobs_[job]; }
  const Job& operator[](uint32_t job) const { return jobs_[job]; }

  // How many there are.
  uint64_t size() const { return size_; }

 private:
  std::vector<Job> jobs_;
  uint32_t free_ = kNoJob;
  uint64_t size_ = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_JOB_POOL_H_
