// WorkerCommands: what a Worker asks of its cluster. For the library.
//
// Thread safety: the cluster's thread.
#ifndef CORE_CLUSTER_WORKER_COMMANDS_H_
#define CORE_CLUSTER_WORKER_COMMANDS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/cluster/handle.h"
#include "core/cluster/message.h"
#include "core/cluster/send_options.h"

namespace cluster {

class Worker;

class WorkerCommands {
 public:
  virtual ~WorkerCommands() = default;
  virtual void Disconnect(Worker& worker,
                          std::optional<absl::Duration> deadline) = 0;
  virtual void CloseChannel(Worker& worker) = 0;
  virtual bool Kill(Worker& worker, int signal) = 0;
  virtual absl::Status SetWeight(Worker& worker, uint32_t weight) = 0;
  virtual absl::Status SetPaused(Worker& worker, bool paused) = 0;
  virtual bool Send(Worker& worker,
                    const Message& message,
                    HandleArgument handle,
                    const SendOptions& options,
                    SendCallback sent) = 0;
  virtual void Ask(Worker& worker,
                   const Message& message,
                   absl::Duration deadline,
                   ReplyCallback replied,
                   HandleArgument handle,
                   const SendOptions& options) = 0;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_WORKER_COMMANDS_H_
