// The scheduling policies by name, as --policy speaks of them.
//
// A new policy is a pair of files and one row in registry.cc; the contract test
// then holds it to what policy.h promises.
//
// Thread safety: free functions, safe from any thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
//                    MakePolicy("least_connections", seed));
#ifndef SCHEDULER_REGISTRY_H_
#define SCHEDULER_REGISTRY_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scheduler/policy.h"

namespace cluster {

// Makes the policy called `name`. Equal names and seeds make policies that pick
// equally. The caller owns it.
//   kInvalidArgument  there is none of that name; the message, one line, lists
//                     the known ones and offers the nearest, if any is near
absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view name,
                                                   uint64_t seed);

// Returns every known name, sorted. The text is static.
std::vector<absl::string_view> PolicyNames();

}  // namespace cluster

#endif  // SCHEDULER_REGISTRY_H_
