// The exit codes with which the host's own part of a worker ends. Those that
// the plugin brings about are in plugins/host/exit_code.h.
#ifndef CORE_CONTROL_WORKER_EXIT_H_
#define CORE_CONTROL_WORKER_EXIT_H_

namespace cluster {

// A planned end: drained, or the primary is gone.
inline constexpr int kWorkerExitOk = 0;
// The worker could not be set up (memory, descriptors).
inline constexpr int kWorkerExitInternal = 1;
// The environment says worker, but there is no channel.
inline constexpr int kWorkerExitUsage = 2;
// Something closed descriptors that the host's part of the worker needs.
inline constexpr int kWorkerExitNoDescriptors = 69;
// What arrived from the primary made no sense.
inline constexpr int kWorkerExitProtocol = 70;

}  // namespace cluster

#endif  // CORE_CONTROL_WORKER_EXIT_H_
