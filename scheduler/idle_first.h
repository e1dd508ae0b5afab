// IdleFirst: a worker without connections, if there is one.
//
// Cheap and as good as it gets at the median while workers are idle now and
// then; under high load the tail depends on what is done when nobody is.
// The idle are drawn by weight. Choosing the `first` of them, the one that has
// listened longest, keeps few workers busy, their caches warm and the others
// asleep.
//
// Source: Y. Lu et al., "Join-Idle-Queue: A novel load balancing algorithm for
// dynamically scalable web services", Performance Evaluation 68(11), 2011,
// which picks at random when nobody is idle.
//
// Thread safety: none, as every Policy.
//
//   IdleFirst policy({.order = IdleFirst::Order::kFirst}, seed);
//   const size_t chosen = policy.Pick(arrival, candidates);
#ifndef SCHEDULER_IDLE_FIRST_H_
#define SCHEDULER_IDLE_FIRST_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "scheduler/least_rows.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"
#include "scheduler/split_mix64.h"
#include "scheduler/weighted_draw.h"

namespace cluster {

class IdleFirst final : public Policy {
 public:
  static constexpr absl::string_view kName = "idle_first";
  static constexpr absl::string_view kRule =
      "a worker without connections; if there is none, as busy says";
  static constexpr PolicyParameter kParameters[] = {
      {.name = "order",
       .meaning = "which of the idle: any, or the one that listens longest",
       .kind = PolicyParameter::Kind::kChoice,
       .choices = "random|first"},
      {.name = "busy",
       .meaning = "when none is idle: any by weight, or least_connections",
       .kind = PolicyParameter::Kind::kChoice,
       .choices = "random|least"}};

  // In the order of their choices.
  enum class Order { kRandom, kFirst };
  enum class Busy { kRandom, kLeast };
  struct Options {
    Order order = Order::kRandom;
    Busy busy = Busy::kRandom;
  };

  // Equal seeds give equal picks.
  IdleFirst(const Options& options, uint64_t seed)
      : options_(options), random_(seed) {}

  absl::string_view name() const override { return kName; }
  bool prefers_idle() const override { return true; }

  // O(n).
  size_t Pick(const Arrival& arrival, const Candidates& candidates) override;

 private:
  const Options options_;
  LeastRows least_;
  WeightedDraw draw_;
  SplitMix64 random_;
};

}  // namespace cluster

#endif  // SCHEDULER_IDLE_FIRST_H_
