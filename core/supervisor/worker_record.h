// WorkerRecord: what the primary knows of one worker's life.
//
// A plain value. Only Apply() in worker_state_machine.h makes the next one from
// it, and the library for a worker that has no process.
//
// Thread safety: plain values.
//
//   WorkerRecord record;  // what fork() starts from
//   if (record.dead()) ...
#ifndef CORE_SUPERVISOR_WORKER_RECORD_H_
#define CORE_SUPERVISOR_WORKER_RECORD_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace cluster {

enum class WorkerState : uint8_t {
  kNone,
  kOnline,
  kListening,
  kDisconnected,
  kDead,
};

// Returns "none", "online", "listening", "disconnected" or "dead".
absl::string_view WorkerStateName(WorkerState state);

// How a process ended: by itself with `code`, or, if `signal` is not 0, by that
// signal; `code` is then 0.
struct WorkerExit {
  int code = 0;
  int signal = 0;

  bool operator==(const WorkerExit&) const = default;
};

struct WorkerRecord {
  WorkerState state = WorkerState::kNone;
  // Unset until the first of disconnect and exit, or until either side asked
  // for a disconnect; then whether one was asked for.
  std::optional<bool> exited_after_disconnect;
  // It is listed in `workers`.
  bool member = true;
  // It may be handed connections, once it listens.
  bool serving = true;
  // Its channel is open.
  bool connected = true;
  // Its process was started. Whether it still runs, `exit` says.
  bool started = false;
  // errno, if the process could not be started; else 0.
  int spawn_errno = 0;
  // It has said that it is online.
  bool online = false;
  // The primary has asked it to disconnect.
  bool disconnect_requested = false;
  // How its process ended, once that is known.
  std::optional<WorkerExit> exit;

  // True when there is no process, any more or at all.
  bool dead() const { return exit.has_value() || spawn_errno != 0; }

  bool operator==(const WorkerRecord&) const = default;
};

}  // namespace cluster

#endif  // CORE_SUPERVISOR_WORKER_RECORD_H_
