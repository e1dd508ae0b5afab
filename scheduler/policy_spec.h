// PolicySpec: how a policy and its parameters are written,
//
//   NAME[:PARAMETER=VALUE[,PARAMETER=VALUE]...]
//
// Thread safety: free functions, safe from any thread.
//
//   ASSIGN_OR_RETURN(PolicySpec spec, ParsePolicySpec("p2c:d=3"));
//   ASSIGN_OR_RETURN(auto values, ReadParameters(spec, P2c::kParameters));
#ifndef SCHEDULER_POLICY_SPEC_H_
#define SCHEDULER_POLICY_SPEC_H_

#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scheduler/policy_parameter.h"

namespace cluster {

// Views into the text that was parsed.
struct PolicySpec {
  absl::string_view name;
  // In the order in which they were written.
  std::vector<std::pair<absl::string_view, absl::string_view>> parameters;
};

//   kInvalidArgument  a parameter without a name, "=" or value, or one twice
absl::StatusOr<PolicySpec> ParsePolicySpec(absl::string_view text);

// Returns a value for each of the policy's `known` parameters, in their order.
//   kInvalidArgument  one is unknown (the message offers the nearest and lists
//                     all), no value of its kind, or out of range
absl::StatusOr<std::vector<double>> ReadParameters(
    const PolicySpec& spec, std::span<const PolicyParameter> known);

}  // namespace cluster

#endif  // SCHEDULER_POLICY_SPEC_H_
