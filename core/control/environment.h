// The two environment variables that make a process a worker.
#ifndef CORE_CONTROL_ENVIRONMENT_H_
#define CORE_CONTROL_ENVIRONMENT_H_

namespace cluster {

// The number of the inherited control channel.
inline constexpr char kChannelFdVariable[] = "CLUSTER_CHANNEL_FD";
// The worker's id, for its name in process lists.
inline constexpr char kWorkerIdVariable[] = "CLUSTER_WORKER_ID";

}  // namespace cluster

#endif  // CORE_CONTROL_ENVIRONMENT_H_
