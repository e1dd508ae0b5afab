// StartWorker: a new worker process in a slot, told what to run.
//
// Thread safety: the io_context's thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<WorkerProcess> worker,
//                    StartWorker(io, id, slot, options, group, *this));
#ifndef CORE_PRIMARY_START_WORKER_H_
#define CORE_PRIMARY_START_WORKER_H_

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "core/primary/listener_group.h"
#include "core/primary/primary_options.h"
#include "core/primary/slot.h"
#include "core/primary/worker_process.h"

namespace cluster {

// Spawns the process and queues its Start message. `slot` and `owner` must
// outlive the worker. Errors: the kernel's; nothing is left behind then.
absl::StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(
    boost::asio::io_context& io,
    uint32_t id,
    Slot& slot,
    const PrimaryOptions& options,
    ListenerGroup& group,
    WorkerOwner& owner);

}  // namespace cluster

#endif  // CORE_PRIMARY_START_WORKER_H_
