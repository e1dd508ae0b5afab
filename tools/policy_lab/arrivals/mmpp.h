// Mmpp: a Poisson process whose rate changes between quiet and bursts (a
// Markov-modulated Poisson process of two states).
//
// Source: W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process
// (MMPP) cookbook", Performance Evaluation 18(2), 1993.
#ifndef TOOLS_POLICY_LAB_ARRIVALS_MMPP_H_
#define TOOLS_POLICY_LAB_ARRIVALS_MMPP_H_

#include "tools/policy_lab/arrivals/gaps.h"

namespace cluster::lab {

class Mmpp : public Gaps {
 public:
  // In bursts the rate is `peak` times the average one. Bursts have `share` of
  // the time and last `burst` average gaps on average.
  // REQUIRES: peak >= 1, 0 < share < 1, peak * share <= 1, burst > 0.
  Mmpp(double peak, double share, double burst)
      : burst_{peak, 1 / burst},
        quiet_{(1 - peak * share) / (1 - share), share / (1 - share) / burst} {}

  double Draw(RandomStream& random) override {
    double gap = 0;
    for (;;) {
      const State& state = bursting_ ? burst_ : quiet_;
      const double both = state.rate + state.ends;
      gap += random.Exponential() / both;
      if (random.Uniform() * both <= state.rate) return gap;
      bursting_ = !bursting_;
    }
  }

 private:
  struct State {
    double rate;  // of arrivals
    double ends;  // the rate at which the state ends
  };

  State burst_;
  State quiet_;
  bool bursting_ = false;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_ARRIVALS_MMPP_H_
