// What a worker runs, from settings in Node's words to the engine's.
//
// Thread safety: free functions.
#ifndef CORE_CLUSTER_PRIMARY_PROGRAM_H_
#define CORE_CLUSTER_PRIMARY_PROGRAM_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/cluster/settings.h"
#include "core/primary/workers/worker_spec.h"

namespace cluster {

// The path of this process's program.
std::string OwnProgram();

// Opens the plugin, if `settings` name one, into `plugin_file`, which has to
// outlive the fork. Paths of this directory are made absolute: the worker's may
// be another.
//   kInvalidArgument  a plan of descriptors that makes no sense
//   with an errno     there is no such plugin
absl::StatusOr<WorkerSpec> ToSpec(const Settings& settings,
                                  const Env& env,
                                  UniqueFd* plugin_file);

}  // namespace cluster

#endif  // CORE_CLUSTER_PRIMARY_PROGRAM_H_
