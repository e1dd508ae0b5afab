#include "core/primary/primary.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/primary/start_worker.h"
#include "plugins/host/exit_code.h"

namespace cluster {
namespace {

// A worker whose channel is closed has no reason to live; if it does not see
// that for so long, it is killed.
constexpr absl::Duration kOrphanGrace = absl::Seconds(2);
// Beyond the drain timeout, which the workers keep by themselves.
constexpr absl::Duration kDrainGrace = absl::Seconds(1);
// How often a drain looks whether the last waiting connections were placed.
constexpr auto kDrainPoll = std::chrono::milliseconds(5);
// A worker that said why it is about to exit, and does not, is killed.
constexpr absl::Duration kFailedGrace = absl::Seconds(10);
// How soon a worker is tried again that the kernel did not let start.
constexpr auto kSpawnRetry = std::chrono::milliseconds(500);
// A worker that leaves more unread does not read.
constexpr size_t kMaxUnreadBytes = size_t{16} << 20;

absl::Duration TimeSince(int64_t start_ns) {
  return absl::Nanoseconds(MonotonicNs() - start_ns);
}

std::optional<WorkerEventKind> EventOf(WorkerEffect effect) {
  switch (effect) {
    case WorkerEffect::kEmitError:
      return WorkerEventKind::kError;
    case WorkerEffect::kEmitFork:
      return WorkerEventKind::kFork;
    case WorkerEffect::kEmitOnline:
      return WorkerEventKind::kOnline;
    case WorkerEffect::kEmitListening:
      return WorkerEventKind::kListening;
    case WorkerEffect::kEmitDisconnect:
      return WorkerEventKind::kDisconnect;
    case WorkerEffect::kEmitExit:
      return WorkerEventKind::kExit;
    default:
      return std::nullopt;
  }
}

std::string SinceFork(const Worker& worker) {
  return absl::StrFormat(
      "%.1f ms after fork",
      static_cast<double>(MonotonicNs() - worker.fork_ns()) * 1e-6);
}

std::string DescribeExit(const Worker& worker, const WorkerExit& exit) {
  std::string text = exit.signal != 0
                         ? absl::StrCat("killed by signal ",
                                        exit.signal,
                                        " (SIG",
                                        sigabbrev_np(exit.signal) != nullptr
                                            ? sigabbrev_np(exit.signal)
                                            : "?",
                                        ")")
                         : absl::StrCat("exited with code ", exit.code);
  if (!worker.last_words.empty()) {
    absl::StrAppend(&text, ": ", worker.last_words);
  }
  return text;
}

}  // namespace

Primary::Primary(boost::asio::io_context& io,
                 PrimaryOptions options,
                 PrimaryObserver& observer)
    : io_(io),
      options_(std::move(options)),
      observer_(observer),
      restart_window_(options_.restarts, options_.restart_period),
      drain_alarm_(io),
      spawn_alarm_(io) {}

Primary::~Primary() {
  for (const auto& [id, worker] : workers_) worker->Signal(SIGKILL);
}

absl::Status Primary::Start() {
  ASSIGN_OR_RETURN(group_,
                   ListenerGroup::Create(
                       io_, std::move(options_.sockets), options_.listeners));
  // The observer may end it all while they start.
  for (uint32_t i = 0; i < options_.workers && !draining_; ++i) {
    ASSIGN_OR_RETURN(Slot * slot, group_->AddSlot());
    RETURN_IF_ERROR(Fill(*slot));
  }
  group_->Start([this](const absl::Status& status) {
    observer_.OnTrouble(
        absl::StrCat("cannot accept for now: ", status.message()));
  });
  return absl::OkStatus();
}

PrimaryEnd Primary::Run() {
  io_.run();
  return end_;
}

// ---- A worker's beginning

absl::Status Primary::Fill(Slot& slot) {
  const absl::Status status = SpawnInto(slot);
  if (status.ok() || workers_.empty()) return status;
  empty_slots_.push_back(&slot);
  spawn_alarm_.Set(kSpawnRetry, [this] {
    for (Slot* empty : std::exchange(empty_slots_, {})) {
      if (draining_) return;
      const absl::Status retried = Fill(*empty);
      if (retried.ok()) continue;
      return GiveUp(PrimaryEnd::Kind::kWorkersDied,
                    std::string(retried.message()));
    }
  });
  return absl::OkStatus();
}

absl::Status Primary::SpawnInto(Slot& slot) {
  const uint32_t id = next_worker_id_++;
  WorkerOwner& owner = *this;
  absl::StatusOr<std::unique_ptr<Worker>> worker =
      StartWorker(io_, id, slot, options_, group_->listener_count(), owner);
  if (!worker.ok()) {
    observer_.OnEvent({.kind = WorkerEventKind::kError,
                       .worker_id = id,
                       .detail = std::string(worker.status().message())});
    return worker.status();
  }
  Worker& added = **worker;
  workers_.emplace(id, *std::move(worker));
  return Feed(added, WorkerInput::Spawned());
}

// ---- What workers say

absl::Status Primary::OnFrame(Worker& worker, Frame frame) {
  RETURN_IF_ERROR(Obey(worker, frame));
  if (worker.unread_bytes() <= kMaxUnreadBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError("it does not read what it is sent");
}

absl::Status Primary::Obey(Worker& worker, const Frame& frame) {
  switch (static_cast<FrameType>(frame.type)) {
    case FrameType::kOnline:
      return Feed(worker, WorkerInput::OnlineFrame());
    case FrameType::kListen:
      return OnListen(worker, frame);
    case FrameType::kListening:
      return OnListening(worker, frame);
    case FrameType::kDisconnect:
      return Feed(worker, WorkerInput::DisconnectNotice());
    case FrameType::kRoom:
      group_->OnRoom(worker.slot());
      return absl::OkStatus();
    case FrameType::kFailed: {
      ASSIGN_OR_RETURN(Failed failed, Decode<Failed>(frame.payload));
      worker.last_words = std::move(failed.reason);
      worker.KillAfter(kFailedGrace);
      return absl::OkStatus();
    }
    case FrameType::kLog: {
      ASSIGN_OR_RETURN(const LogLine line, Decode<LogLine>(frame.payload));
      observer_.OnLog(worker.id(), worker.pid(), line.level, line.text);
      return absl::OkStatus();
    }
    default:
      return absl::DataLossError(
          absl::StrCat("a frame of unknown type ", frame.type));
  }
}

absl::Status Primary::OnListen(Worker& worker, const Frame& frame) {
  ASSIGN_OR_RETURN(const ListenRequest request,
                   Decode<ListenRequest>(frame.payload));
  if (request.listener >= group_->listener_count()) {
    return absl::DataLossError("it asks for a listener that there is not");
  }
  // Each reply holds a descriptor until the worker reads it.
  if (worker.asked_for.test(request.listener)) {
    return absl::DataLossError("it asks for a listener twice");
  }
  worker.asked_for.set(request.listener);
  absl::StatusOr<UniqueFd> acceptor =
      group_->AcceptorFor(worker.slot(), request.listener);
  ListenReply reply = {.listener = request.listener,
                       .data_path = group_->data_path()};
  std::vector<UniqueFd> fds;
  if (acceptor.ok()) {
    fds.push_back(*std::move(acceptor));
  } else {
    reply.error = ErrnoOf(acceptor.status());
  }
  worker.Send(FrameType::kListenReply, reply, std::move(fds));
  return absl::OkStatus();
}

absl::Status Primary::OnListening(Worker& worker, const Frame& frame) {
  ASSIGN_OR_RETURN(const ListeningNotice listening,
                   Decode<ListeningNotice>(frame.payload));
  const uint32_t listener = listening.listener;
  if (listener >= group_->listener_count() ||
      !worker.asked_for.test(listener) || worker.listens_on.test(listener)) {
    return absl::DataLossError("it listens where it did not ask to");
  }
  worker.listens_on.set(listener);
  worker.newest_listener = listener;
  RETURN_IF_ERROR(Feed(worker, WorkerInput::ListeningFrame()));
  if (worker.record.serving) {
    group_->Serve(worker.slot(), listener);
  }
  return absl::OkStatus();
}

void Primary::OnOutput(Worker& worker, int fd, absl::string_view line) {
  observer_.OnOutput(worker.id(), worker.pid(), fd, line);
}

// ---- A worker's life

absl::Status Primary::Feed(Worker& worker, const WorkerInput& input) {
  const Step step = Apply(worker.record, input);
  worker.record = step.record;
  if (!step.violation.empty()) {
    return absl::DataLossError(step.violation);
  }
  for (const WorkerEffect effect : step.effects) Do(worker, effect);
  return absl::OkStatus();
}

void Primary::Do(Worker& worker, WorkerEffect effect) {
  if (const std::optional<WorkerEventKind> kind = EventOf(effect)) {
    return Emit(*kind, worker);
  }
  switch (effect) {
    case WorkerEffect::kStopServing:
      return group_->StopServing(worker.slot());
    case WorkerEffect::kAcknowledgeNotice:
    case WorkerEffect::kSendDisconnect:
      return SendDrain(worker);
    default:
      // The list is by process (Bury), signals are sent where they are wanted,
      // and a violation closes the channel.
      return;
  }
}

void Primary::Emit(WorkerEventKind kind, const Worker& worker) {
  const WorkerExit exit = worker.record.exit.value_or(WorkerExit());
  WorkerEvent event = {
      .kind = kind,
      .worker_id = worker.id(),
      .pid = worker.pid(),
      .code = exit.code,
      .signal = exit.signal,
      .planned = worker.record.exited_after_disconnect.value_or(false),
      .detail = {}};
  if (kind == WorkerEventKind::kOnline) {
    event.detail = SinceFork(worker);
  } else if (kind == WorkerEventKind::kListening) {
    event.listener = worker.newest_listener;
  } else if (kind == WorkerEventKind::kDisconnect) {
    event.detail = worker.last_words;
  } else if (kind == WorkerEventKind::kExit) {
    event.detail = DescribeExit(worker, exit);
  }
  observer_.OnEvent(event);
}

void Primary::OnChannelClosed(Worker& worker, const absl::Status& why) {
  if (!absl::IsOutOfRange(why)) {
    worker.last_words =
        absl::StrCat("its control channel was closed: ", why.message());
  }
  group_->TakeBack(worker.slot());
  (void)Feed(worker, WorkerInput::ChannelClosed());
  if (worker.record.dead()) return Bury(worker);
  worker.KillAfter(kOrphanGrace);
}

void Primary::OnExit(Worker& worker, WorkerExit exit) {
  group_->TakeBack(worker.slot());
  (void)Feed(worker, WorkerInput::Exited(exit));
  if (!worker.record.connected) return Bury(worker);
  // A process that the worker left behind holds the channel: it is of no use
  // without its worker, and the slot must not wait for it.
  worker.CloseChannel(absl::OutOfRangeError("the process has ended"));
}

void Primary::Bury(Worker& worker) {
  Slot& slot = worker.slot();
  group_->CloseBooks(slot);
  const WorkerExit exit = worker.record.exit.value_or(WorkerExit());
  const std::string reason =
      absl::StrCat("worker ", worker.id(), " ", DescribeExit(worker, exit));
  // Its callbacks are still on the stack.
  auto found = workers_.find(worker.id());
  boost::asio::post(
      io_, [buried = std::shared_ptr<Worker>(std::move(found->second))] {});
  workers_.erase(found);

  if (draining_) return FinishIfAllGone();
  if (exit.signal == 0 && exit.code != 0 && !retry_can_help(exit.code)) {
    return GiveUp(PrimaryEnd::Kind::kPluginRefused, reason);
  }
  // A worker that ends by itself counts too: one that keeps doing so must not
  // make the primary spin.
  if (restart_window_.Admit(absl::Now()) && Fill(slot).ok()) return;
  GiveUp(PrimaryEnd::Kind::kWorkersDied, reason);
}

// ---- The end

void Primary::GiveUp(PrimaryEnd::Kind kind, std::string reason) {
  if (draining_) return;
  end_ = {.kind = kind, .reason = std::move(reason)};
  Drain();
}

void Primary::Drain() {
  if (draining_) return;
  draining_ = true;
  drain_start_ns_ = MonotonicNs();
  group_->Close();
  ContinueDrain();
  FinishIfAllGone();
}

void Primary::ContinueDrain() {
  // The workers finish what was accepted before they are told to end; but if
  // they do not take it, they still need time to finish what they have.
  const bool hope = !workers_.empty() &&
                    TimeSince(drain_start_ns_) < options_.drain_timeout / 2;
  if (group_->pending() > 0 && hope) {
    drain_alarm_.Set(kDrainPoll, [this] { ContinueDrain(); });
    return;
  }
  if (drain_was_sent_) return;
  drain_was_sent_ = true;
  group_->RefusePending();
  for (const auto& [id, worker] : workers_) {
    (void)Feed(*worker, WorkerInput::DisconnectRequested());
  }
}

void Primary::SendDrain(Worker& worker) {
  if (std::exchange(worker.told_to_drain, true)) return;
  cluster::Drain drain = {
      .deadline_ms = UINT64_MAX, .listeners_close = draining_, .sent = {}};
  if (options_.drain_timeout != absl::InfiniteDuration()) {
    const absl::Duration left =
        options_.drain_timeout -
        (draining_ ? TimeSince(drain_start_ns_) : absl::ZeroDuration());
    drain.deadline_ms = static_cast<uint64_t>(
        absl::ToInt64Milliseconds(std::max(left, absl::ZeroDuration())));
    // The worker keeps the time by itself, if it can.
    worker.KillAfter(left + kDrainGrace);
  }
  for (size_t i = 0; i < worker.slot().stream_count(); ++i) {
    drain.sent.push_back(worker.slot().stream(i).sent());
  }
  worker.Send(FrameType::kDrain, drain);
}

void Primary::KillAll() {
  end_.kind = PrimaryEnd::Kind::kKilled;
  draining_ = true;
  group_->Close();
  for (const auto& [id, worker] : workers_) worker->Signal(SIGKILL);
  FinishIfAllGone();
}

void Primary::FinishIfAllGone() {
  if (!draining_ || !workers_.empty()) return;
  group_->RefusePending();
  io_.stop();
}

}  // namespace cluster
