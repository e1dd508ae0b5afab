// Policy: the rule that picks the worker for a connection.
//
// A policy sees candidates, never sockets or processes. The dispatcher copies
// the loads of the eligible workers into a dense array once per wake-up and
// asks the policy for one pick a connection; after each pick it raises that
// candidate's load, so that a batch spreads as single connections would.
//
// Thread safety: none; a policy belongs to one dispatcher.
//
//   std::unique_ptr<Policy> policy = *MakePolicy("least_connections", seed);
//   const size_t chosen = policy->Pick(candidates);
#ifndef SCHEDULER_POLICY_H_
#define SCHEDULER_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"

namespace cluster {

// One worker that may be picked.
struct Candidate {
  // Names the worker for as long as it listens. Keys rise in the order in which
  // workers began to listen, and the array is sorted by them.
  uint64_t key = 0;
  // Connections sent to the worker and not finished there.
  uint32_t in_flight = 0;
  // Relative share, from 1 to 65,536.
  uint32_t weight = 1;
};

class Policy {
 public:
  virtual ~Policy() = default;

  // The name by which --policy knows it.
  virtual absl::string_view name() const = 0;

  // True if a worker that is slow to take what it was handed should be passed
  // over while another is quick; false for policies whose pick must stand.
  virtual bool prefers_idle() const = 0;

  // Returns the index of the chosen candidate.
  // REQUIRES: `candidates` is not empty and sorted by key.
  virtual size_t Pick(std::span<const Candidate> candidates) = 0;
};

}  // namespace cluster

#endif  // SCHEDULER_POLICY_H_
