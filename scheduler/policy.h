// Policy: the rule that picks the worker for a connection.
//
// A policy sees numbers, never sockets or processes. The dispatcher fills a
// CandidateTable with the eligible workers once per wake-up and asks the policy
// for one pick a connection; after each pick it raises that candidate's load,
// so that a batch spreads as single connections would.
//
// Thread safety: none; a policy belongs to one dispatcher.
//
//   std::unique_ptr<Policy> policy = *MakePolicy("least_connections", seed);
//   const size_t chosen = policy->Pick(arrival, table.view());
#ifndef SCHEDULER_POLICY_H_
#define SCHEDULER_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"

namespace cluster {

// The largest share that a worker can have; the smallest is 1.
inline constexpr uint32_t kMaxWeight = 65'536;

// What is to be placed.
struct Arrival {
  // The time, on a clock that never goes back.
  int64_t now_ns = 0;
  // What it belongs to, such as a hash of the client's address: arrivals of one
  // key stay together under a policy that is sticky. 0: it belongs to nothing,
  // and such policies spread it at random.
  uint64_t key = 0;
  // How much work it is, where that is known beforehand; 0 where not.
  int64_t work_ns = 0;
};

// The workers that may be picked: a column for each fact, so that a policy
// reads only what it compares. Row i of every column is candidate i.
struct Candidates {
  // Names the worker for as long as it listens. Keys rise in the order in which
  // workers began to listen, and the rows are sorted by them.
  std::span<const uint64_t> keys;
  // The worker's place, which its successor inherits: no two are equal, and the
  // greatest is less than the number of places.
  std::span<const uint32_t> slots;
  // Relative shares, from 1 to kMaxWeight.
  std::span<const uint32_t> weights;
  // As a weight, what a person called a share of 1: slow start makes all
  // weights greater, so that it can make some less.
  double weight_unit = 1;
  // Connections sent to the worker and not finished there.
  std::span<const uint32_t> in_flight;
  // The sum of those.
  uint64_t total_in_flight = 0;
  // Requests that run there, by its own word, and connections sent there that
  // it has not started.
  std::span<const uint32_t> requests;
  // The most connections it should have; UINT32_MAX: no limit.
  std::span<const uint32_t> capacities;
  // The work that is left there. No rows at all where nobody can know that.
  std::span<const int64_t> work_ns;
  // If two views have the same version, their keys, slots, weights and unit are
  // the same: what a policy has worked out from those still holds. 0: unknown.
  uint64_t version = 0;

  size_t size() const { return keys.size(); }
};

// What became of a worker's connections since the last such report.
struct Completions {
  uint64_t key = 0;  // as of Candidates
  uint32_t slot = 0;
  // How many it has finished, and the time that these took there, together.
  uint32_t count = 0;
  int64_t total_ns = 0;
  // How many failed, besides. Those that died with a worker are told of the
  // next one in its slot: as a rule it is no better.
  uint32_t failed = 0;
  // What the worker has in flight now.
  uint32_t in_flight = 0;
  int64_t now_ns = 0;
};

class Policy {
 public:
  virtual ~Policy() = default;

  // The name by which --policy knows it.
  virtual absl::string_view name() const = 0;

  // True if a worker that is slow to take what it was handed should be passed
  // over while another is quick; false for policies whose pick must stand.
  virtual bool prefers_idle() const = 0;

  // False if weights make no difference to it.
  virtual bool heeds_weights() const { return true; }

  // False if weights do not say which of several idle workers is picked. One
  // that has just started is to be shown to it in fewer rounds, then: on a
  // quiet host a lower weight would not keep it from anything.
  virtual bool weighs_idle() const { return true; }

  // True if it reads arrival.key; others need not be given one.
  virtual bool wants_key() const { return false; }

  // True if it reads candidates.work_ns; others need not be shown any.
  virtual bool reads_work() const { return false; }

  // True if it learns from OnCompleted(); others need not be told.
  virtual bool wants_completions() const { return false; }

  // Returns the row of the chosen candidate.
  // REQUIRES: there is a candidate, and arrival.now_ns never falls.
  virtual size_t Pick(const Arrival& arrival, const Candidates& candidates) = 0;

  // Tells what a worker has finished, or failed. It may be no candidate (any
  // more).
  virtual void OnCompleted(const Completions& completions) {}
};

}  // namespace cluster

#endif  // SCHEDULER_POLICY_H_
