// ListenerFrameHandler: what workers say about listeners while they run: listen
// at an address, close, pause, resume. A worker may say anything; each frame
// costs the primary a bounded amount of work and at most one descriptor that it
// has not read yet. Pauses cost a round over all listeners each, so that they
// are seen to when the turn ends: what it has not changed costs nothing.
//
// Thread safety: the io_context's thread.
//
//   RETURN_IF_ERROR(listener_frames.Handle(worker, frame));
#ifndef CORE_PRIMARY_LISTENER_FRAME_HANDLER_H_
#define CORE_PRIMARY_LISTENER_FRAME_HANDLER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/control/listener_messages.h"
#include "core/primary/listeners/dynamic_listeners.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/workers/worker_life.h"
#include "core/primary/workers/worker_process.h"
#include "ipc/frame.h"

namespace cluster {

// Whether the worker may be sent descriptors: each that it leaves unread is one
// of the primary's.
//   kResourceExhausted  it does not read them; close its channel
absl::Status CheckReadsDescriptors(const WorkerProcess& worker);

class ListenerFrameHandler {
 public:
  // All must outlive it.
  ListenerFrameHandler(ListenerGroup& group,
                       DynamicListeners& dynamic,
                       const WorkerLife& life)
      : group_(group), dynamic_(dynamic), life_(life) {}

  // Does what the frame asks. Errors: as FrameHandler::Handle.
  absl::Status Handle(WorkerProcess& worker, const Frame& frame);
  // The frames of one turn were handled.
  void EndTurn(WorkerProcess& worker);

 private:
  absl::Status OnListenAt(WorkerProcess& worker, const Frame& frame);
  ListenAtReply Listen(WorkerProcess& worker,
                       const ListenAtRequest& request,
                       std::vector<UniqueFd>* acceptor);
  absl::Status OnClose(WorkerProcess& worker, uint32_t listener);

  ListenerGroup& group_;
  DynamicListeners& dynamic_;
  const WorkerLife& life_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_LISTENER_FRAME_HANDLER_H_
