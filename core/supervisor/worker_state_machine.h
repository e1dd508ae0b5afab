// The life of a worker as the primary sees it, as a pure function.
//
// Apply() takes a worker's record and one thing that happened, and returns the
// next record with what to do about it, in order. It starts nothing, sends
// nothing and reads no clock, so that every pair of reachable record and input
// is tested. The table is in docs/life_of_a_worker.md.
//
// Promised for every worker, whatever it or its process does:
// - `fork` comes first, `online` at most once; `disconnect` exactly once, and
//   `exit` exactly once if the process was started, else never.
// - Only `disconnect` may follow `exit`, and nothing follows both.
// - It leaves `workers` once: before the later of the two, or at once when the
//   primary disconnects it.
//
// Thread safety: free functions over values.
//
//   Step step = Apply(worker.record, WorkerInput::OnlineFrame());
//   worker.record = step.record;
//   for (WorkerEffect effect : step.effects) Do(worker, effect);
#ifndef CORE_SUPERVISOR_WORKER_STATE_MACHINE_H_
#define CORE_SUPERVISOR_WORKER_STATE_MACHINE_H_

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "core/supervisor/worker_record.h"

namespace cluster {

struct WorkerInput {
  enum class Kind : uint8_t {
    kSpawned,              // the process was started
    kSpawnFailed,          // it could not be; see `error`
    kOnlineFrame,          // the worker says that its runtime is up
    kListeningFrame,       // ... that one of its servers listens
    kDisconnectNotice,     // ... that it disconnects, and waits for an answer
    kDisconnectRequested,  // the primary wants it to disconnect
    kChannelClosed,        // nothing more will be read from its channel
    kExited,               // its process has ended and was reaped; see `exit`
  };

  static WorkerInput Spawned() { return {Kind::kSpawned}; }
  // REQUIRES: error is an errno, not 0.
  static WorkerInput SpawnFailed(int error) {
    return {Kind::kSpawnFailed, error};
  }
  static WorkerInput OnlineFrame() { return {Kind::kOnlineFrame}; }
  static WorkerInput ListeningFrame() { return {Kind::kListeningFrame}; }
  static WorkerInput DisconnectNotice() { return {Kind::kDisconnectNotice}; }
  static WorkerInput DisconnectRequested() {
    return {Kind::kDisconnectRequested};
  }
  static WorkerInput ChannelClosed() { return {Kind::kChannelClosed}; }
  static WorkerInput Exited(WorkerExit exit) {
    return {Kind::kExited, 0, exit};
  }

  Kind kind;
  int error = 0;  // errno
  WorkerExit exit = {};
};

enum class WorkerEffect : uint8_t {
  // Events. Those of worker and cluster go to the worker's listeners first.
  kEmitError,       // of the worker: it could not be started
  kEmitFork,        // of the cluster
  kEmitOnline,      // of both
  kEmitListening,   // of both
  kEmitDisconnect,  // of both
  kEmitExit,        // of both
  // Acts.
  kStopServing,  // hand it nothing more, also if it listens later; it still
                 // starts what it was sent
  kSendDrain,    // tell it to disconnect, or answer its notice; it then closes
                 // the channel
  // Acts that follow by themselves in the primary; here for the promises above.
  kLeaveWorkers,  // remove it from `workers`: Primary::Bury(), by process
  kCloseChannel,  // close the channel, then apply kChannelClosed: what Feed()
                  // returns of a violation does it
};

// Returns the effect in words, such as "emit online".
absl::string_view WorkerEffectName(WorkerEffect effect);

struct Step {
  WorkerRecord record;
  absl::InlinedVector<WorkerEffect, 4> effects;
  // What the worker did against the protocol, in static text; empty if nothing.
  // The record is then unchanged and the one effect, if any, is kCloseChannel.
  absl::string_view violation;
};

// Returns what follows from `input`. Total: exit and channel closed count once,
// and what makes no sense for the record (an exit of a process that was never
// started) changes nothing.
Step Apply(const WorkerRecord& record, const WorkerInput& input);

}  // namespace cluster

#endif  // CORE_SUPERVISOR_WORKER_STATE_MACHINE_H_
