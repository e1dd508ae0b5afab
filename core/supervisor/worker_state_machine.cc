#include "core/supervisor/worker_state_machine.h"

namespace cluster {
namespace {

using Kind = WorkerInput::Kind;

void StopServing(Step& step) {
  if (!step.record.serving) return;
  step.record.serving = false;
  step.effects.push_back(WorkerEffect::kStopServing);
}

void LeaveWorkers(Step& step) {
  if (!step.record.member) return;
  step.record.member = false;
  step.effects.push_back(WorkerEffect::kLeaveWorkers);
}

// From the first of disconnect and exit on, it is known.
void SettleExitedAfterDisconnect(WorkerRecord& record) {
  record.exited_after_disconnect =
      record.exited_after_disconnect.value_or(false);
}

void OnSpawned(Step& step) {
  WorkerRecord& record = step.record;
  if (record.started || record.dead()) return;
  record.started = true;
  step.effects.push_back(WorkerEffect::kEmitFork);
  if (record.disconnect_requested) {
    step.effects.push_back(WorkerEffect::kSendDrain);
  }
}

void OnSpawnFailed(Step& step, int error) {
  WorkerRecord& record = step.record;
  if (record.started || record.dead()) return;
  record.spawn_errno = error;
  step.effects = {WorkerEffect::kEmitError,
                  WorkerEffect::kEmitFork,
                  WorkerEffect::kCloseChannel};
}

// Returns what is wrong with a frame of this kind now, empty if nothing.
absl::string_view Violation(const WorkerRecord& record, Kind kind) {
  if (!record.started || !record.connected) {
    return "frame on a closed channel";
  }
  switch (kind) {
    case Kind::kOnlineFrame:
      return record.online ? "second online frame" : "";
    case Kind::kListeningFrame:
      return record.online ? "" : "listening frame before online";
    case Kind::kDisconnectNotice:
      return record.online ? "" : "disconnect notice before online";
    default:
      return "";
  }
}

void OnOnline(Step& step) {
  step.record.online = true;
  // Bytes of a dead worker may still be read: its events are over.
  if (step.record.dead()) return;
  step.record.state = WorkerState::kOnline;
  step.effects.push_back(WorkerEffect::kEmitOnline);
}

void OnListening(Step& step) {
  if (step.record.dead()) return;
  step.record.state = WorkerState::kListening;
  step.effects.push_back(WorkerEffect::kEmitListening);
}

void OnDisconnectNotice(Step& step) {
  step.record.exited_after_disconnect = true;
  StopServing(step);
  if (!step.record.dead()) step.effects.push_back(WorkerEffect::kSendDrain);
}

void OnFrame(Step& step, Kind kind) {
  step.violation = Violation(step.record, kind);
  if (!step.violation.empty()) {
    if (step.record.started && step.record.connected) {
      step.effects.push_back(WorkerEffect::kCloseChannel);
    }
    return;
  }
  if (kind == Kind::kOnlineFrame) OnOnline(step);
  if (kind == Kind::kListeningFrame) OnListening(step);
  if (kind == Kind::kDisconnectNotice) OnDisconnectNotice(step);
}

void OnDisconnectRequested(Step& step) {
  WorkerRecord& record = step.record;
  const bool first = !record.disconnect_requested;
  record.disconnect_requested = true;
  record.exited_after_disconnect = true;
  if (first && record.started && record.connected && !record.dead()) {
    step.effects.push_back(WorkerEffect::kSendDrain);
  }
  StopServing(step);
  LeaveWorkers(step);
}

void OnChannelClosed(Step& step) {
  WorkerRecord& record = step.record;
  const bool has_begun = record.started || record.dead();
  if (!has_begun || !record.connected) return;
  record.connected = false;
  record.state = WorkerState::kDisconnected;
  SettleExitedAfterDisconnect(record);
  StopServing(step);
  if (record.dead()) LeaveWorkers(step);
  step.effects.push_back(WorkerEffect::kEmitDisconnect);
}

void OnExited(Step& step, WorkerExit exit) {
  WorkerRecord& record = step.record;
  if (!record.started || record.exit.has_value()) return;
  record.exit = exit;
  record.state = WorkerState::kDead;
  SettleExitedAfterDisconnect(record);
  StopServing(step);
  if (!record.connected) LeaveWorkers(step);
  step.effects.push_back(WorkerEffect::kEmitExit);
}

}  // namespace

absl::string_view WorkerEffectName(WorkerEffect effect) {
  switch (effect) {
    case WorkerEffect::kEmitError:
      return "emit error";
    case WorkerEffect::kEmitFork:
      return "emit fork";
    case WorkerEffect::kEmitOnline:
      return "emit online";
    case WorkerEffect::kEmitListening:
      return "emit listening";
    case WorkerEffect::kEmitDisconnect:
      return "emit disconnect";
    case WorkerEffect::kEmitExit:
      return "emit exit";
    case WorkerEffect::kLeaveWorkers:
      return "leave workers";
    case WorkerEffect::kStopServing:
      return "stop serving";
    case WorkerEffect::kSendDrain:
      return "send drain";
    case WorkerEffect::kCloseChannel:
      return "close channel";
  }
  return "?";
}

Step Apply(const WorkerRecord& record, const WorkerInput& input) {
  Step step;
  step.record = record;
  switch (input.kind) {
    case Kind::kSpawned:
      OnSpawned(step);
      break;
    case Kind::kSpawnFailed:
      OnSpawnFailed(step, input.error);
      break;
    case Kind::kOnlineFrame:
    case Kind::kListeningFrame:
    case Kind::kDisconnectNotice:
      OnFrame(step, input.kind);
      break;
    case Kind::kDisconnectRequested:
      OnDisconnectRequested(step);
      break;
    case Kind::kChannelClosed:
      OnChannelClosed(step);
      break;
    case Kind::kExited:
      OnExited(step, input.exit);
      break;
  }
  return step;
}

}  // namespace cluster
