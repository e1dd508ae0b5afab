// CompletionTree: when each worker completes something next, and which is the
// first. A tournament: each change costs one comparison a level.
//
// Source: D. Knuth, The Art of Computer Programming, vol. 3, section 5.4.1.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_WORKERS_COMPLETION_TREE_H_
#define TOOLS_POLICY_LAB_WORKERS_COMPLETION_TREE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {

class CompletionTree {
 public:
  // For `workers` of them, at least one; none completes anything yet.
  explicit CompletionTree(uint32_t workers)
      : leaves_(std::bit_ceil(size_t{workers})), nodes_(2 * leaves_) {
    for (size_t i = 0; i < workers; ++i) {
      nodes_[leaves_ + i].worker = static_cast<uint32_t>(i);
    }
  }

  // The first completion of all, kNever if there is none; of those at the same
  // time that of the lowest worker.
  int64_t first_ns() const { return nodes_[1].ns; }
  uint32_t first_worker() const { return nodes_[1].worker; }

  // The worker's next completion is at `ns`, or kNever.
  void Set(uint32_t worker, int64_t ns) {
    size_t i = leaves_ + worker;
    nodes_[i].ns = ns;
    while (i > 1) {
      i /= 2;
      const Node& left = nodes_[2 * i];
      const Node& right = nodes_[2 * i + 1];
      nodes_[i] = right.ns < left.ns ? right : left;
    }
  }

 private:
  struct Node {
    int64_t ns = kNever;
    uint32_t worker = 0;
  };

  size_t leaves_;
  std::vector<Node> nodes_;  // the children of i are 2i and 2i + 1
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_WORKERS_COMPLETION_TREE_H_
