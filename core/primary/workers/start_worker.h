// StartWorker: a new worker process in a slot, told what to run.
//
// Thread safety: the io_context's thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<WorkerProcess> worker,
//                    StartWorker(io, id, slot, spec, count, group, *this));
#ifndef CORE_PRIMARY_WORKERS_START_WORKER_H_
#define CORE_PRIMARY_WORKERS_START_WORKER_H_

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "core/primary/connections/slot.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/workers/worker_owner.h"
#include "core/primary/workers/worker_process.h"
#include "core/primary/workers/worker_spec.h"

namespace cluster {

// Spawns the process and queues its Start message, which says that there are
// `worker_count` workers. `slot` and `owner` must outlive the worker.
//   kInvalidArgument  the plan of its descriptors makes no sense
//   with an errno     the kernel's
// Nothing is left behind then.
absl::StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(
    boost::asio::io_context& io,
    uint32_t id,
    Slot& slot,
    const WorkerSpec& spec,
    uint32_t worker_count,
    ListenerGroup& group,
    WorkerOwner& owner);

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_START_WORKER_H_
