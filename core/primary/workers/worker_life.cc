#include "core/primary/workers/worker_life.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/deadline_ns.h"
#include "core/base/monotonic_clock.h"
#include "core/control/messages.h"
#include "core/primary/connections/slot.h"
#include "core/primary/workers/worker_events.h"

namespace cluster {
namespace {

// Beyond the drain timeout, which the workers keep by themselves.
constexpr absl::Duration kDrainGrace = absl::Seconds(1);

}  // namespace

absl::Status WorkerLife::Feed(WorkerProcess& worker, const WorkerInput& input) {
  const Step step = Apply(worker.record, input);
  worker.record = step.record;
  if (!step.violation.empty()) {
    return absl::DataLossError(step.violation);
  }
  for (const WorkerEffect effect : step.effects) Do(worker, effect);
  return absl::OkStatus();
}

void WorkerLife::Do(WorkerProcess& worker, WorkerEffect effect) {
  if (effect == WorkerEffect::kEmitDisconnect) {
    dynamic_.ChannelEnded(worker.slot());
  }
  if (const std::optional<WorkerEventKind> kind = EventOf(effect)) {
    return observer_.OnEvent(DescribeEvent(*kind, worker));
  }
  switch (effect) {
    case WorkerEffect::kStopServing:
      group_.StopServing(worker.slot());
      return dynamic_.StopServing(worker.slot());
    case WorkerEffect::kSendDrain:
      return SendDrain(worker);
    default:
      // The list is by process (Primary::Bury), and a violation closes the
      // channel.
      return;
  }
}

void WorkerLife::EndHost() {
  host_ends_ = true;
  end_ns_ = MonotonicNs();
}

absl::Duration WorkerLife::TimeSinceEnd() const {
  return absl::Nanoseconds(MonotonicNs() - end_ns_);
}

void WorkerLife::Disconnect(WorkerProcess& worker,
                            std::optional<absl::Duration> timeout) {
  worker.drain_timeout = timeout;
  const bool told = worker.told_to_drain;
  (void)Feed(worker, WorkerInput::DisconnectRequested());
  if (worker.record.dead()) return;
  if (!worker.record.connected) {
    // Nobody can tell it any more.
    if (timeout) KillAfter(worker, *timeout, *timeout);
    return;
  }
  // The record asks for it once.
  if (told) SendDrain(worker);
}

void WorkerLife::KillAfter(WorkerProcess& worker,
                           absl::Duration left,
                           absl::Duration timeout) {
  if (timeout == absl::InfiniteDuration()) return;
  worker.KillAfter(left + kDrainGrace,
                   absl::StrCat("it did not end within the drain timeout, ",
                                absl::FormatDuration(timeout)));
}

void WorkerLife::SendDrain(WorkerProcess& worker) {
  const absl::Duration timeout = worker.drain_timeout.value_or(drain_timeout_);
  // From one moment for all, or it would be another deadline each time.
  const bool with_host = host_ends_ && !worker.drain_timeout;
  const int64_t now_ns = MonotonicNs();
  const int64_t deadline_ns = DeadlineNs(with_host ? end_ns_ : now_ns,
                                         absl::ToInt64Nanoseconds(timeout));
  const bool told = std::exchange(worker.told_to_drain, true);
  if (told && deadline_ns >= worker.drain_deadline_ns) return;
  worker.drain_deadline_ns = deadline_ns;
  // The worker keeps the time by itself, if it can.
  KillAfter(worker, absl::Nanoseconds(deadline_ns - now_ns), timeout);
  after_messages_(worker, [this, &worker, deadline_ns] {
    WriteDrain(worker, deadline_ns);
  });
}

void WorkerLife::WriteDrain(WorkerProcess& worker, int64_t deadline_ns) {
  Drain drain = {
      .deadline_ms = UINT64_MAX, .listeners_close = host_ends_, .sent = {}};
  if (deadline_ns != kNeverNs) {
    const int64_t left_ns = std::max<int64_t>(0, deadline_ns - MonotonicNs());
    drain.deadline_ms = static_cast<uint64_t>((left_ns + 999'999) / 1'000'000);
  }
  const Slot& slot = worker.slot();
  for (size_t i = 0; i < slot.stream_count(); ++i) {
    drain.sent.push_back(slot.has_stream(i) ? slot.stream(i).sent() : 0);
  }
  worker.Send(FrameType::kDrain, drain);
}

}  // namespace cluster
