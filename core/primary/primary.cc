#include "core/primary/primary.h"

#include <signal.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/primary/telemetry/primary_metrics.h"
#include "core/primary/workers/start_worker.h"
#include "core/primary/workers/worker_events.h"
#include "core/supervisor/reap_all.h"
#include "core/supervisor/worker_state_machine.h"

namespace cluster {
namespace {

// How long a worker that was cut off, as it broke the protocol, has to end. And
// how long a primary that is destroyed waits for those that live.
constexpr absl::Duration kEndGrace = absl::Seconds(2);
// How long a port that is kept waits for a worker that is due back.
constexpr absl::Duration kDueBack = absl::Seconds(30);
// How often a drain looks whether the last waiting connections were placed.
constexpr auto kDrainPoll = std::chrono::milliseconds(5);

// For what is counted in a time: the wall clock may be set.
absl::Time SteadyNow() { return absl::FromUnixNanos(MonotonicNs()); }

}  // namespace

Primary::Primary(boost::asio::io_context& io,
                 PrimaryOptions options,
                 PrimaryObserver& observer)
    : io_(io),
      options_(std::move(options)),
      observer_(observer),
      messages_(io,
                [this](const std::string& text) { observer_.OnTrouble(text); }),
      workers_(io),
      drain_alarm_(io),
      forks_(io, [this] { ForkInTurn(); }),
      watchdog_(io, options_.watchdog, workers_) {}

Primary::~Primary() {
  std::vector<int> running;
  workers_.ForEach([&](WorkerProcess& worker) {
    if (options_.kill_at_end) (void)worker.Signal(SIGKILL);
    worker.Abandon();
    if (!worker.record.dead()) running.push_back(worker.pidfd());
  });
  // A process that lives on must not keep zombies.
  ReapAll(std::move(running), kEndGrace);
}

absl::Status Primary::Start() {
  ASSIGN_OR_RETURN(group_,
                   ListenerGroup::Create(io_,
                                         std::move(options_.sockets),
                                         options_.listeners,
                                         options_.bound));
  dynamic_.emplace(
      io_,
      *group_,
      DynamicListeners::Options{
          .backlog = options_.backlog,
          .due_back = options_.keep_ports ? kDueBack : absl::ZeroDuration(),
          .take_fds = options_.take_fds});
  life_.emplace(*group_,
                *dynamic_,
                observer_,
                options_.drain_timeout,
                [this](const WorkerProcess& worker, auto then) {
                  messages().AfterSent(worker.id(), std::move(then));
                });
  listener_frames_.emplace(*group_, *dynamic_, *life_);
  frames_.emplace(*group_, *listener_frames_, *life_, book_, observer_);
  if (options_.replacement) replacement_.emplace(*options_.replacement);
  const uint32_t workers = replacement_ ? options_.replacement->workers : 0;
  admin_.emplace(*group_, *life_, workers_, replacement_.has_value());
  for (uint32_t i = 0; i < workers; ++i) {
    ASSIGN_OR_RETURN(Slot * slot, group_->AddSlot());
    forks_.Add(*slot);
  }
  absl::Status status = ForkSome();
  started_ = status.ok();
  if (!started_) forks_.Clear();
  return status;
}

absl::Status Primary::ForkSome() {
  // The observer may end it all while they start.
  RETURN_IF_ERROR(forks_.ForkSome([this](Slot& slot) {
    absl::Status status = Fill(slot);
    if (status.ok() || MayTryAgain()) return absl::OkStatus();
    return status;
  }));
  // Not before all are forked: the first to listen would get every connection
  // that waits, and what they have to say to the others' slots would be lost.
  if (!forks_.empty() || draining() || accepts_) return absl::OkStatus();
  BeginToAccept();
  observer_.OnAccepting();
  return absl::OkStatus();
}

void Primary::ForkInTurn() {
  const absl::Status status = ForkSome();
  if (status.ok()) return;
  GiveUp(PrimaryEnd::Kind::kCannotFork, std::string(status.message()));
}

bool Primary::MayTryAgain() {
  // While others serve, for as long as it takes.
  if (!workers_.empty() || draining()) return true;
  return started_ && replacement_->AdmitRetry(SteadyNow());
}

void Primary::BeginToAccept() {
  if (std::exchange(accepts_, true)) return;
  group_->Start([this](const absl::Status& status) {
    observer_.OnTrouble(
        absl::StrCat("cannot accept for now: ", status.message()));
  });
}

PrimaryEnd Primary::Run() {
  io_.run();
  return end_;
}

// ---- A worker's beginning

absl::StatusOr<WorkerProcess*> Primary::Fork(const WorkerSpec& spec) {
  absl::StatusOr<Slot*> slot = FreeSlot();
  if (!slot.ok()) {
    workers_.TakeId();
    return slot.status();
  }
  absl::StatusOr<WorkerProcess*> worker = ForkInto(**slot, spec);
  if (!worker.ok()) free_slots_.emplace((*slot)->index(), *slot);
  return worker;
}

absl::StatusOr<Slot*> Primary::FreeSlot() {
  if (free_slots_.empty()) return group_->AddSlot();
  const auto first = free_slots_.begin();
  Slot* const slot = first->second;
  free_slots_.erase(first);
  return slot;
}

absl::Status Primary::Fill(Slot& slot) {
  const absl::Status status =
      ForkInto(slot, options_.replacement->program).status();
  if (status.ok()) return status;
  observer_.OnEvent({.kind = WorkerEventKind::kError,
                     .worker_id = newest_id(),
                     .detail = std::string(status.message())});
  // The observer may have ended it all.
  if (!draining()) forks_.AddRefused(slot);
  return status;
}

absl::StatusOr<WorkerProcess*> Primary::ForkInto(Slot& slot,
                                                 const WorkerSpec& spec) {
  const uint32_t id = workers_.TakeId();
  const auto count = replacement_ ? options_.replacement->workers
                                  : static_cast<uint32_t>(workers_.size() + 1);
  WorkerOwner& owner = *this;
  ASSIGN_OR_RETURN(std::unique_ptr<WorkerProcess> worker,
                   StartWorker(io_, id, slot, spec, count, *group_, owner));
  WorkerProcess& added = workers_.Add(std::move(worker));
  watchdog_.Watch();
  messages_.Add(added);
  (void)life_->Feed(added, WorkerInput::Spawned());
  return &added;
}

// ---- One worker

void Primary::Disconnect(WorkerProcess& worker,
                         std::optional<absl::Duration> timeout) {
  life_->Disconnect(worker, timeout);
}

absl::Status Primary::Kill(WorkerProcess& worker, int signal) {
  if (worker.record.dead()) return absl::OkStatus();
  const int error = worker.Signal(signal);
  if (error == 0) return absl::OkStatus();
  return ErrnoStatus(error, "kill", absl::StrCat("signal ", signal));
}

void Primary::CloseChannel(WorkerProcess& worker) {
  worker.CloseChannel(absl::OutOfRangeError("closed by the primary"));
}

// ---- What workers say

absl::Status Primary::OnFrame(WorkerProcess& worker, Frame frame) {
  if (MessageExchange::Takes(frame)) {
    return messages_.OnFrame(worker, std::move(frame));
  }
  return frames_->Handle(worker, frame);
}

void Primary::OnOutput(WorkerProcess& worker, int fd, absl::string_view line) {
  observer_.OnOutput(worker.id(), worker.pid(), fd, line);
}

// ---- A worker's life

void Primary::OnChannelClosed(WorkerProcess& worker, const absl::Status& why) {
  messages_.Remove(worker);
  if (!absl::IsOutOfRange(why)) {
    worker.last_words =
        absl::StrCat("its control channel was closed: ", why.message());
  }
  group_->TakeBack(worker.slot());
  (void)life_->Feed(worker, WorkerInput::ChannelClosed());
  if (worker.record.dead()) return Bury(worker);
  // One that has left, or was sent away, may have something to finish.
  const bool left = absl::IsOutOfRange(why);
  const absl::Duration grace = left ? options_.orphan_grace : kEndGrace;
  if (grace == absl::InfiniteDuration()) return;
  worker.KillAfter(
      grace,
      absl::StrCat("its control channel was closed (by a plugin that closes "
                   "descriptors of the host's?), and it did not end within ",
                   absl::FormatDuration(grace)));
}

void Primary::OnExit(WorkerProcess& worker, WorkerExit exit) {
  group_->TakeBack(worker.slot());
  worker.verdict = Judge(worker, exit);
  worker.reason_follows =
      worker.verdict.has_value()
          ? *worker.verdict != Replacement::Verdict::kReplace
          : !end_.reason.empty() && worker.last_words == end_.reason;
  (void)life_->Feed(worker, WorkerInput::Exited(exit));
  if (!worker.record.connected) return Bury(worker);
  // A process that the worker left behind holds the channel: it is of no use
  // without its worker, and the slot must not wait for it.
  worker.CloseChannel(absl::OutOfRangeError("the process has ended"));
}

std::optional<Replacement::Verdict> Primary::Judge(const WorkerProcess& worker,
                                                   WorkerExit exit) {
  if (draining() || !replacement_) return std::nullopt;
  return replacement_->Judge(
      {.planned = worker.record.exited_after_disconnect.value_or(false),
       .wanted = worker.end_wanted,
       .exit = exit,
       .life = absl::Nanoseconds(MonotonicNs() - worker.fork_ns())},
      SteadyNow());
}

void Primary::Bury(WorkerProcess& worker) {
  Slot& slot = worker.slot();
  std::string how =
      absl::StrCat("worker ", worker.id(), " ", DescribeExit(worker));
  const bool planned = worker.record.exited_after_disconnect.value_or(false);
  ++(planned ? planned_exits_ : unplanned_exits_);
  book_.Read(slot.index(), slot.page().metric_cells);
  book_.Retire(slot.index());
  group_->CloseBooks(slot);
  dynamic_->WorkerDied(slot);
  workers_.Remove(worker);
  // A loop that nothing else keeps going must not wait for it.
  if (workers_.empty()) watchdog_.Rest();

  if (draining()) {
    // The observer has ended it all when it heard of this exit.
    if (worker.reason_follows && end_.reason.empty()) observer_.OnTrouble(how);
    return FinishIfAllGone();
  }
  if (!worker.verdict.has_value()) {
    free_slots_.emplace(slot.index(), &slot);
    return;
  }
  Replace(worker, std::move(how));
}

void Primary::Replace(const WorkerProcess& worker, std::string how) {
  if (worker.verdict == Replacement::Verdict::kHopeless) {
    const std::string& words = worker.last_words;
    return GiveUp(PrimaryEnd::Kind::kPluginRefused,
                  words.empty() ? std::move(how) : words);
  }
  if (worker.verdict == Replacement::Verdict::kTooOften) {
    return GiveUp(PrimaryEnd::Kind::kWorkersDied, std::move(how));
  }
  // If the kernel says no it waits for its turn.
  (void)Fill(worker.slot());
  ++restarts_;
}

// ---- Metrics

std::vector<MetricFamily> Primary::Metrics() {
  WorkerCounts counts = {
      .wanted = replacement_ ? options_.replacement->workers : workers_.size(),
      .alive = workers_.size(),
      .restarts = restarts_,
      .planned_exits = planned_exits_,
      .unplanned_exits = unplanned_exits_};
  workers_.ForEach([&](const WorkerProcess& worker) {
    const Slot& slot = worker.slot();
    book_.Read(slot.index(), slot.page().metric_cells);
    counts.serving +=
        worker.record.serving && worker.ready && worker.listeners.listens();
  });
  std::vector<MetricFamily> families = PrimaryMetrics(Snapshot(), counts);
  for (MetricFamily& family : book_.Families()) {
    families.push_back(std::move(family));
  }
  return families;
}

// ---- The end

void Primary::GiveUp(PrimaryEnd::Kind kind, std::string reason) {
  if (draining()) return;
  end_ = {.kind = kind, .reason = std::move(reason)};
  observer_.OnGivingUp(end_);
  Drain();
}

void Primary::Drain() {
  if (draining()) return;
  forks_.Clear();
  // What the kernel holds was promised to be served.
  BeginToAccept();
  life_->EndHost();
  group_->Close();
  ContinueDrain();
  FinishIfAllGone();
}

void Primary::ContinueDrain() {
  // The workers finish what was accepted before they are told to end; but if
  // they do not take it, they still need time to finish what they have.
  const bool hope =
      !workers_.empty() && life_->TimeSinceEnd() < options_.drain_timeout / 2;
  if (group_->pending() > 0 && hope) {
    drain_alarm_.Set(kDrainPoll, [this] { ContinueDrain(); });
    return;
  }
  if (drain_was_sent_) return;
  drain_was_sent_ = true;
  group_->RefusePending();
  workers_.ForEach(
      [this](WorkerProcess& worker) { life_->Disconnect(worker); });
}

void Primary::KillAll() {
  end_.kind = PrimaryEnd::Kind::kKilled;
  forks_.Clear();
  if (!draining()) life_->EndHost();
  group_->Close();
  // What comes back from one of them is not for the others.
  group_->RefusePending();
  workers_.ForEach([](WorkerProcess& worker) { (void)worker.Signal(SIGKILL); });
  FinishIfAllGone();
}

void Primary::FinishIfAllGone() {
  if (!draining() || !workers_.empty()) return;
  group_->RefusePending();
  io_.stop();
}

}  // namespace cluster
