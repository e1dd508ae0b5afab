// WorkerOwner: what the owner of a WorkerProcess is told.
//
// For each worker: any number of frames and lines, then in either order exactly
// one end of the channel and one of the process; after both nothing follows.
//
// Thread safety: called on the io_context's thread.
//
//   class Primary : private WorkerOwner {
//     absl::Status OnFrame(WorkerProcess& worker, Frame frame) override;
//     ...
#ifndef CORE_PRIMARY_WORKERS_WORKER_OWNER_H_
#define CORE_PRIMARY_WORKERS_WORKER_OWNER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/supervisor/worker_record.h"
#include "ipc/frame.h"

namespace cluster {

class WorkerProcess;

class WorkerOwner {
 public:
  virtual ~WorkerOwner() = default;
  // A non-OK result is what the worker did against the protocol: the channel is
  // closed with it as the reason.
  virtual absl::Status OnFrame(WorkerProcess& worker, Frame frame) = 0;
  // The frames of one turn have been told: those that came together.
  virtual void OnTurnEnd(WorkerProcess& worker) {}
  // The kernel took something of what was queued for it.
  virtual void OnWritten(WorkerProcess& worker) {}
  // `why` is kOutOfRange for a plain end.
  virtual void OnChannelClosed(WorkerProcess& worker,
                               const absl::Status& why) = 0;
  virtual void OnExit(WorkerProcess& worker, WorkerExit exit) = 0;
  virtual void OnOutput(WorkerProcess& worker,
                        int fd,
                        absl::string_view line) = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_OWNER_H_
