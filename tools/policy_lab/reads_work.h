// ReadsWork: whether a policy looks at the work that workers have left. To fill
// that column costs as much as many a pick, so it is filled for who reads it.
#ifndef TOOLS_POLICY_LAB_READS_WORK_H_
#define TOOLS_POLICY_LAB_READS_WORK_H_

#include <string>

#include "absl/status/statusor.h"

namespace cluster::lab {

// Finds out by trying: asks two policies of the spec, in the same state, to
// pick among workers who differ in nothing but the work that is left.
//   kInvalidArgument  there is no such policy
absl::StatusOr<bool> ReadsWork(const std::string& spec);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_READS_WORK_H_
