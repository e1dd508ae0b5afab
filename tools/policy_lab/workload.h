// Workload: what comes to be served, and when. The policies do not change it,
// so that they are compared on the same arrivals and sizes.
//
// Thread safety: none; a workload belongs to one simulation.
//
//   while (workload.next_ns() != kNever) {
//     const int64_t now_ns = workload.next_ns();
//     Serve(now_ns, workload.Take());
//   }
#ifndef TOOLS_POLICY_LAB_WORKLOAD_H_
#define TOOLS_POLICY_LAB_WORKLOAD_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {

// One arrival: a connection with its first request.
struct Demand {
  int64_t work_ns = 0;  // of the first request, for a worker of speed 1
  uint64_t key = 0;
  uint32_t requests = 1;  // in all
  uint64_t seed = 0;      // of the requests that follow
};

// A request after the first.
struct FollowingRequest {
  int64_t think_ns = 0;  // from the end of the one before
  int64_t work_ns = 0;
};

class Workload {
 public:
  virtual ~Workload() = default;

  // When the next arrival comes; kNever if none is due.
  int64_t next_ns() const { return next_ns_; }

  // Returns what comes at next_ns(), and moves that on.
  // REQUIRES: next_ns() is not kNever.
  virtual Demand Take() = 0;

  // Returns the request of a connection after which `left` more will come.
  virtual FollowingRequest Next(uint64_t seed, uint32_t left) { return {}; }

  // A connection has ended, which may let another one come.
  virtual void OnEnded(int64_t now_ns) {}

  // Not OK when the workload ended because it could not be read.
  virtual absl::Status status() const { return absl::OkStatus(); }

 protected:
  int64_t next_ns_ = kNever;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_WORKLOAD_H_
