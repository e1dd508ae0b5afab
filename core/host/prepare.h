// Prepare: opens and checks all that the host was asked to do, before anything
// is started.
//
// Thread safety: a free function.
#ifndef CORE_HOST_PREPARE_H_
#define CORE_HOST_PREPARE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/host/host_exit.h"
#include "core/host/options.h"
#include "core/host/recording.h"
#include "core/primary/primary_options.h"
#include "core/primary/workers/replacement.h"
#include "core/primary/workers/worker_spec.h"
#include "ipc/address.h"
#include "plugins/host/plugin_file.h"

namespace cluster {

// What the host was asked to do. The descriptors are its own.
struct Prepared {
  PrimaryOptions primary;
  UniqueFd plugin_file;
  WorkerSpec& program() { return primary.replacement->program; }
  PluginInfo plugin;
  std::vector<ListenAddress> bound;
  std::unique_ptr<Recording> recording;  // null: nobody wants one
};

// Why the host does not start, and the code it ends with; OK if it may.
struct Refusal {
  absl::Status why;
  int exit_code = kExitOk;
};

// Fills `out` as `options` say: the plugin is read, then the addresses are
// bound, and last the files made that are to be written, so that nothing stays
// behind and nothing of a host that runs is touched where something is wrong.
Refusal Prepare(const HostOptions& options, Prepared* out);

}  // namespace cluster

#endif  // CORE_HOST_PREPARE_H_
