// The scheduling policies by name, as --policy speaks of them.
//
// A new policy is a pair of files and one row in registry.cc; the contract test
// then holds it to what policy.h promises.
//
// Thread safety: free functions, safe from any thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
//                    MakePolicy("p2c:d=3", seed));
#ifndef SCHEDULER_REGISTRY_H_
#define SCHEDULER_REGISTRY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scheduler/policy.h"
#include "scheduler/policy_parameter.h"

namespace cluster {

// Makes the policy that `spec` says: NAME[:PARAMETER=VALUE[,...]], as
// policy_spec.h has it. Equal specs and seeds make policies that pick equally.
// The caller owns it.
//   kInvalidArgument  an unknown name or parameter, or a value out of range;
//                     the message, one line, says what is known and offers the
//                     nearest, if any is near
absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view spec,
                                                   uint64_t seed);

// What there is to know of a policy before it is made. All is static.
struct PolicyFacts {
  absl::string_view name;
  absl::string_view rule;  // half a line
  std::span<const PolicyParameter> parameters;
};

// Returns the facts of every policy, sorted by name.
std::vector<PolicyFacts> KnownPolicies();

// Returns every known name, sorted. The text is static.
std::vector<absl::string_view> PolicyNames();

// Returns what --policy=help prints: policies and their parameters, by lines.
std::string PolicyHelp();

}  // namespace cluster

#endif  // SCHEDULER_REGISTRY_H_
