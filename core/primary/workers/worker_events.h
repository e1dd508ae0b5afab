// What a worker's life looks like from outside: the events of its state machine
// in the observer's words.
//
// Thread safety: the io_context's thread.
//
//   if (const auto kind = EventOf(effect)) {
//     observer.OnEvent(DescribeEvent(*kind, worker));
//   }
#ifndef CORE_PRIMARY_WORKERS_WORKER_EVENTS_H_
#define CORE_PRIMARY_WORKERS_WORKER_EVENTS_H_

#include <optional>
#include <string>

#include "core/primary/workers/primary_observer.h"
#include "core/primary/workers/worker_process.h"
#include "core/supervisor/worker_state_machine.h"

namespace cluster {

// Returns the event that `effect` emits, none if it is an act.
std::optional<WorkerEventKind> EventOf(WorkerEffect effect);

// Returns the event, with what is known of the worker now.
WorkerEvent DescribeEvent(WorkerEventKind kind, const WorkerProcess& worker);

// Returns how its process ended, where in the plugin it was then, and why, if
// that is known: "killed by signal 6 (SIGABRT) in create of greeter.so",
// "exited with code 65 (the plugin refused): bad config". REQUIRES: before its
// slot's books close.
std::string DescribeExit(const WorkerProcess& worker);

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_EVENTS_H_
