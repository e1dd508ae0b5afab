// AdminHandler: does what an operator (core/admin), or the program, asks of a
// primary that runs, and tells how it stands. Nothing that was accepted is lost
// by any of it.
//
// Thread safety: the io_context's thread.
//
//   AdminReply reply = handler.Answer({.action = AdminAction::kStatus});
#ifndef CORE_PRIMARY_ADMIN_HANDLER_H_
#define CORE_PRIMARY_ADMIN_HANDLER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/admin/admin_messages.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/workers/worker_life.h"
#include "core/primary/workers/worker_process.h"
#include "core/primary/workers/worker_table.h"

namespace cluster {

class AdminHandler {
 public:
  // All must outlive it.
  // `replaces`: a slot without a worker gets one.
  AdminHandler(ListenerGroup& group,
               WorkerLife& life,
               const WorkerTable& workers,
               bool replaces)
      : group_(group), life_(life), workers_(workers), replaces_(replaces) {}

  // Does it, and tells how the host stands then. What is said of the plugin is
  // left open.
  AdminReply Answer(const AdminRequest& request);

  // What can be asked; `worker` is an id.
  //   kNotFound            there is no such worker
  //   kInvalidArgument     no such policy or weight
  //   kFailedPrecondition  it cannot be on this data path, or with this policy
  absl::Status SetPolicy(const std::string& spec);
  absl::Status SetWeight(uint32_t worker, uint32_t weight);
  // It gets no more connections, or gets them again.
  absl::Status SetPaused(uint32_t worker, bool paused);
  // It drains and ends, which does not count as a restart.
  absl::Status Restart(uint32_t worker);

 private:
  absl::Status Do(const AdminRequest& request);
  absl::StatusOr<WorkerProcess*> Find(uint32_t id) const;
  AdminStatus Status();

  ListenerGroup& group_;
  WorkerLife& life_;
  const WorkerTable& workers_;
  const bool replaces_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_ADMIN_HANDLER_H_
