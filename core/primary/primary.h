// Primary: forks workers, keeps connections flowing to them, and knows how they
// end.
//
//   Start()       with a replacement, workers are forked, many of them in turns
//                 of the loop; then listeners accept
//   Fork()        one more worker, of any kind
//   Disconnect(), Kill()  one worker
//   (a death)     with a replacement, the worker gets a successor at once. If
//                 it refused the plugin for good, or workers die too often,
//                 everything drains and Run() says why
//   Drain()       listeners close, workers finish, all exit, Run() returns
//   KillAll()     everything ends now
//
// It decides with pure parts (core/supervisor, Replacement, scheduler) and acts
// through WorkerProcess, WorkerLife, FrameHandler and ListenerGroup.
//
// Thread safety: one thread, the io_context's.
//
//   Primary primary(io, std::move(options), observer);
//   RETURN_IF_ERROR(primary.Start());
//   const PrimaryEnd end = primary.Run();
#ifndef CORE_PRIMARY_PRIMARY_H_
#define CORE_PRIMARY_PRIMARY_H_

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/event_loop/alarm.h"
#include "core/primary/admin_handler.h"
#include "core/primary/connections/accounts.h"
#include "core/primary/connections/slot.h"
#include "core/primary/frame_handler.h"
#include "core/primary/listener_frame_handler.h"
#include "core/primary/listeners/dynamic_listeners.h"
#include "core/primary/listeners/listener.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/messages/message_exchange.h"
#include "core/primary/messages/primary_mailbox.h"
#include "core/primary/primary_options.h"
#include "core/primary/telemetry/metric_book.h"
#include "core/primary/telemetry/metric_family.h"
#include "core/primary/workers/fork_queue.h"
#include "core/primary/workers/primary_observer.h"
#include "core/primary/workers/replacement.h"
#include "core/primary/workers/watchdog.h"
#include "core/primary/workers/worker_life.h"
#include "core/primary/workers/worker_owner.h"
#include "core/primary/workers/worker_process.h"
#include "core/primary/workers/worker_spec.h"
#include "core/primary/workers/worker_table.h"
#include "core/supervisor/worker_record.h"

namespace cluster {

class Primary : private WorkerOwner {
 public:
  // `observer` must outlive it.
  Primary(boost::asio::io_context& io,
          PrimaryOptions options,
          PrimaryObserver& observer);
  ~Primary() override;

  // Forks the workers that are replaced: a few at once, the others in turns of
  // the loop; then begins to accept. Errors: bad options, or the kernel's when
  // none of those can be forked.
  absl::Status Start();

  // Runs until all workers have ended after Drain() or KillAll(), or nothing is
  // left to wait for.
  PrimaryEnd Run();
  // Why it returned. REQUIRES: it did.
  const PrimaryEnd& end() const { return end_; }

  // Forks one worker; nobody replaces it. The result lives until its channel
  // and its process have ended, and a turn of the loop longer. The observer is
  // told of kFork before this returns, of nothing else. REQUIRES: Start() was
  // called, Drain() and KillAll() were not.
  //   kInvalidArgument  the spec makes no sense
  //   with an errno     the kernel's; nothing is left behind
  absl::StatusOr<WorkerProcess*> Fork(const WorkerSpec& spec);
  // The id of the newest worker; one that could not be forked has used up its
  // own.
  uint32_t newest_id() const { return workers_.newest_id(); }
  // Uses up an id, for a worker that the caller could not prepare.
  uint32_t SkipId() { return workers_.TakeId(); }

  // Null if there is none (any more).
  WorkerProcess* Find(uint32_t id) { return workers_.Find(id); }
  // Tells it to finish and end, within `timeout` or the drain timeout of all.
  // It gets no more connections. May be called again, when the earlier end
  // counts, and for one that is dead.
  void Disconnect(WorkerProcess& worker,
                  std::optional<absl::Duration> timeout = {});
  // Sends it a signal. Errors: an errno, such as EINVAL for no signal.
  absl::Status Kill(WorkerProcess& worker, int signal);
  // Closes its channel: it ends at once, unless it hangs.
  void CloseChannel(WorkerProcess& worker);
  // The listener of that number; null if there is none.
  const Listener* listener(uint32_t number) const {
    return group_->listener(number);
  }

  // Closes what is kept open for successors of workers that are gone.
  void ForgetKeptPorts() { dynamic_->ForgetDueBack(); }

  // Ends in an orderly way within the drain timeout. Idempotent. REQUIRES:
  // Start() was called.
  void Drain();

  // Kills the workers. Run() returns as soon as they are gone. REQUIRES: as
  // Drain.
  void KillAll();

  // The books (core/primary/connections/ledger.h) as they stand.
  Accounts Snapshot() { return group_->Snapshot(); }

  // The primary as a party of the exchange of messages.
  PrimaryMailbox& messages() { return messages_.mailbox(); }

  // Changes the policy, a weight or whether a worker is paused, and answers
  // operators. REQUIRES: as Drain.
  AdminHandler& admin() { return *admin_; }

  // What the plugin has to do without on this host, in one line, as a worker
  // has said; empty: nothing. REQUIRES: as Drain.
  const std::string& reduced_features() const {
    return frames_->reduced_features();
  }

  // Its own metrics and those of the plugin, as they stand. REQUIRES: as Drain.
  std::vector<MetricFamily> Metrics();

 private:
  absl::Status OnFrame(WorkerProcess& worker, Frame frame) override;
  void OnTurnEnd(WorkerProcess& worker) override {
    frames_->EndTurn(worker);
    messages_.OnTurnEnd();
  }
  void OnWritten(WorkerProcess& worker) override {
    messages_.OnWritten(worker);
  }
  void OnChannelClosed(WorkerProcess& worker, const absl::Status& why) override;
  void OnExit(WorkerProcess& worker, WorkerExit exit) override;
  void OnOutput(WorkerProcess& worker, int fd, absl::string_view line) override;

  // Forks some of those that wait for it, and begins to accept when none is
  // left. Errors: the kernel's, when nobody lives and it was asked often
  // enough.
  absl::Status ForkSome();
  void ForkInTurn();
  void BeginToAccept();
  // Whether a fork that the kernel refused is to be tried again.
  bool MayTryAgain();
  // Forks the replacement's program into `slot`. If the kernel says no, returns
  // its error, and tries again later unless all ends.
  absl::Status Fill(Slot& slot);
  absl::StatusOr<WorkerProcess*> ForkInto(Slot& slot, const WorkerSpec& spec);
  // One without a worker.
  absl::StatusOr<Slot*> FreeSlot();
  // The worker is gone in every sense.
  void Bury(WorkerProcess& worker);
  // Whether one that has ended so gets a successor; none if nobody does.
  std::optional<Replacement::Verdict> Judge(const WorkerProcess& worker,
                                            WorkerExit exit);
  // Does as was judged. `how` is its end, for people.
  void Replace(const WorkerProcess& worker, std::string how);
  // Ends all. It is told at once: the others may take long.
  void GiveUp(PrimaryEnd::Kind kind, std::string reason);
  void ContinueDrain();
  bool draining() const { return life_->host_ends(); }
  void FinishIfAllGone();

  boost::asio::io_context& io_;
  PrimaryOptions options_;
  PrimaryObserver& observer_;
  // From Start() on.
  std::unique_ptr<ListenerGroup> group_;
  std::optional<WorkerLife> life_;
  std::optional<DynamicListeners> dynamic_;
  std::optional<ListenerFrameHandler> listener_frames_;
  std::optional<FrameHandler> frames_;
  std::optional<AdminHandler> admin_;
  MessageExchange messages_;

  MetricBook book_;
  uint64_t restarts_ = 0;
  uint64_t planned_exits_ = 0;
  uint64_t unplanned_exits_ = 0;

  std::optional<Replacement> replacement_;
  WorkerTable workers_;
  PrimaryEnd end_;

  bool drain_was_sent_ = false;  // workers were told
  Alarm drain_alarm_;
  absl::btree_map<uint32_t, Slot*> free_slots_;  // by index
  ForkQueue forks_;                              // of the replaced
  bool started_ = false;                         // Start() has returned
  bool accepts_ = false;
  Watchdog watchdog_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_PRIMARY_H_
