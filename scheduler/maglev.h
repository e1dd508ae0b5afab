// Maglev: sticky by a table that is looked up, whatever the number of workers.
//
// Every slot prefers the places of the table in an order of its own, and the
// slots take places in turn, as often as their weights say. A key is a place.
// The table is of all slots that were ever candidates: while a worker is away
// its keys go elsewhere, by a second, third, ... place, and come back with it
// or with its successor. A new slot or weight makes a new table (some
// milliseconds) and moves a few more keys than it must. Load is ignored. An
// arrival without a key goes to any worker.
//
// Source: D. Eisenbud et al., "Maglev: A Fast and Reliable Software Network
// Load Balancer", NSDI 2016, section 3.4; weights as in Envoy.
//
// Thread safety: none, as every Policy.
//
//   Maglev policy(/*table=*/65'537, seed);
//   const size_t chosen = policy.Pick({.key = key}, candidates);
#ifndef SCHEDULER_MAGLEV_H_
#define SCHEDULER_MAGLEV_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "scheduler/hash64.h"
#include "scheduler/highest_score.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"
#include "scheduler/view_memo.h"

namespace cluster {

class Maglev final : public Policy {
 public:
  static constexpr absl::string_view kName = "maglev";
  static constexpr absl::string_view kRule =
      "sticky by key, by a table: one look-up however many workers";
  // The sizes of the paper, both prime.
  static constexpr uint32_t kTableSizes[] = {65'537, 655'373};
  static constexpr PolicyParameter kParameters[] = {
      {.name = "table",
       .meaning = "places; more spread keys more evenly",
       .kind = PolicyParameter::Kind::kChoice,
       .choices = "65537|655373"}};

  // `table` is a prime. Equal seeds give equal picks.
  Maglev(uint32_t table, uint64_t seed)
      : size_(table), seed_(Hash64(seed + 1)), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return false; }
  bool wants_key() const override { return true; }

  // O(1) while the view is the same, else O(n). New slots or weights cost a
  // table: some hundred thousand steps for each 65,537 places, however unequal
  // weights are.
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  static constexpr uint32_t kNoRow = UINT32_MAX;

  struct SlotFacts {
    uint32_t weight = 0;  // 0: never seen
    uint32_t row = kNoRow;
  };

  void Learn(const Candidates& candidates);
  void BuildTable();

  const uint32_t size_;
  const uint64_t seed_;
  ViewMemo view_;
  std::vector<uint32_t> learnt_;  // slots of the last view
  std::vector<SlotFacts> slots_;
  std::vector<uint32_t> table_;  // a slot a place
  HighestScore score_;
  SplitMix64 random_;  // for arrivals without a key
};

}  // namespace cluster

#endif  // SCHEDULER_MAGLEV_H_
