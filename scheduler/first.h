// First: packing. The worker in the first slot until it is full, then the next.
//
// Few workers are busy, their caches warm, and the others sleep or can be
// stopped. A worker is full when it has `cap` connections for each share that
// it was given (in slow start, its part of those, at least one), or as many as
// its capacity, whichever is less; when all are, the one with the fewest for
// its weight is picked. It gives no isolation: one bad connection hurts many.
//
// It goes by slots, which stay as they are when workers are restarted, and not
// by who has listened longest: a restart leaves the packing where it is.
//
// Source: the `first` algorithm of HAProxy, which takes the lowest id, and
// where the cap is a server's maxconn.
//
// Thread safety: none, as every Policy.
//
//   First policy(/*cap=*/100, seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_FIRST_H_
#define SCHEDULER_FIRST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/least_rows.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"
#include "scheduler/view_memo.h"

namespace cluster {

class First final : public Policy {
 public:
  static constexpr absl::string_view kName = "first";
  static constexpr absl::string_view kRule =
      "the worker in the first slot until it is full, then the next";
  static constexpr PolicyParameter kParameters[] = {
      {.name = "cap",
       .meaning = "connections for each unit of weight that fill a worker",
       .least = 1,
       .greatest = 1'000'000,
       .standard = 100}};

  // `seed` decides between equals when all are full.
  First(uint32_t cap, uint64_t seed) : cap_(cap), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return false; }

  // O(n); where rows are in the order of the slots, as many as are full.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  void FindFulls(const Candidates& candidates);
  // Returns the number of rows if all are full.
  size_t RowWithRoom(const Candidates& candidates) const;

  const uint32_t cap_;
  // Of the view.
  ViewMemo view_;
  std::vector<uint32_t> fulls_;  // what fills a row, but for its capacity
  bool in_order_ = true;         // slots rise
  std::vector<uint32_t> rows_;   // by slot, where they do not
  LeastRows least_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_FIRST_H_
