// WorkerLife: takes workers through their states. It feeds a worker's record
// and does what follows: events are emitted, serving stops, the drain is sent.
//
// Thread safety: the io_context's thread.
//
//   RETURN_IF_ERROR(life.Feed(worker, WorkerInput::OnlineFrame()));
#ifndef CORE_PRIMARY_WORKERS_WORKER_LIFE_H_
#define CORE_PRIMARY_WORKERS_WORKER_LIFE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/primary/listeners/dynamic_listeners.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/workers/primary_observer.h"
#include "core/primary/workers/worker_process.h"
#include "core/supervisor/worker_state_machine.h"

namespace cluster {

class WorkerLife {
 public:
  // Calls `then` when `worker` was sent all messages for it, never if it ends
  // before.
  using AfterMessages = std::function<void(const WorkerProcess& worker,
                                           std::function<void()> then)>;

  // All must outlive it. A worker that drains is killed a little after
  // `drain_timeout`.
  WorkerLife(ListenerGroup& group,
             DynamicListeners& dynamic,
             PrimaryObserver& observer,
             absl::Duration drain_timeout,
             AfterMessages after_messages)
      : group_(group),
        dynamic_(dynamic),
        observer_(observer),
        drain_timeout_(drain_timeout),
        after_messages_(std::move(after_messages)) {}

  // Feeds the worker's record and does what follows.
  //   kDataLoss  what the worker did against the protocol; nothing was done
  absl::Status Feed(WorkerProcess& worker, const WorkerInput& input);

  // Asks it to end within `timeout`, or in the time that all have. It may be
  // asked again: the earlier end counts.
  void Disconnect(WorkerProcess& worker,
                  std::optional<absl::Duration> timeout = {});

  // The host ends, and its listeners with it: the drain timeout of all workers
  // runs from now on. REQUIRES: !host_ends().
  void EndHost();
  bool host_ends() const { return host_ends_; }
  // How long ago that was. REQUIRES: host_ends().
  absl::Duration TimeSinceEnd() const;

 private:
  void Do(WorkerProcess& worker, WorkerEffect effect);
  // Tells it to drain, behind what the primary has sent to it; again only if it
  // has less time than it was told.
  // Unless it ends a little after the `left` of its `timeout`.
  static void KillAfter(WorkerProcess& worker,
                        absl::Duration left,
                        absl::Duration timeout);
  void SendDrain(WorkerProcess& worker);
  void WriteDrain(WorkerProcess& worker, int64_t deadline_ns);

  ListenerGroup& group_;
  DynamicListeners& dynamic_;
  PrimaryObserver& observer_;
  const absl::Duration drain_timeout_;
  const AfterMessages after_messages_;
  bool host_ends_ = false;
  int64_t end_ns_ = 0;  // when it began to, on CLOCK_MONOTONIC
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_LIFE_H_
