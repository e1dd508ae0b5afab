// TheoryFor: what theory says about a policy in a scenario, where it says
// anything.
//
// Thread safety: a free function, safe from any thread.
#ifndef TOOLS_POLICY_LAB_THEORY_FOR_H_
#define TOOLS_POLICY_LAB_THEORY_FOR_H_

#include <string>

#include "absl/types/optional.h"
#include "tools/policy_lab/scenario.h"

namespace cluster::lab {

struct Prediction {
  std::string model;  // its name in the field, such as "M/M/1"
  double mean_ns = 0;
  absl::optional<double> p99_ns;
};

// Returns nothing where no formula fits exactly, or in the limit of many
// workers: theory knows Poisson arrivals of single requests to workers that are
// all alike, whom nothing befalls and who are seen as they are.
absl::optional<Prediction> TheoryFor(const Scenario& scenario,
                                     const std::string& policy);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_THEORY_FOR_H_
