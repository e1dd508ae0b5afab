// OperatorDesk: does what an operator asks of a running host (core/admin), and
// tells how it stands. Nothing that was accepted is lost by any of it.
//
// Thread safety: the io_context's thread.
//
//   AdminReply reply = desk.Answer({.action = AdminAction::kStatus});
#ifndef CORE_PRIMARY_OPERATOR_DESK_H_
#define CORE_PRIMARY_OPERATOR_DESK_H_

#include "absl/status/status.h"
#include "core/admin/admin_messages.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/workers/worker_life.h"
#include "core/primary/workers/worker_process.h"
#include "core/primary/workers/worker_table.h"

namespace cluster {

class OperatorDesk {
 public:
  // All must outlive it.
  OperatorDesk(ListenerGroup& group,
               WorkerLife& life,
               const WorkerTable& workers)
      : group_(group), life_(life), workers_(workers) {}

  // What is said of the plugin is left open.
  AdminReply Answer(const AdminRequest& request);

  // Does it, without a word on how the host stands.
  //   kNotFound            there is no such worker
  //   kInvalidArgument     no such policy, weight or request
  //   kFailedPrecondition  it cannot be on this data path, or with this policy
  absl::Status Do(const AdminRequest& request);

 private:
  absl::Status DoTo(WorkerProcess& worker, const AdminRequest& request);
  absl::Status SetPaused(WorkerProcess& worker, bool paused);
  AdminStatus Status();

  ListenerGroup& group_;
  WorkerLife& life_;
  const WorkerTable& workers_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_OPERATOR_DESK_H_
