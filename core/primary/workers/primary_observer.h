// PrimaryObserver: what the program around a Primary is told, as it happens.
//
// Thread safety: called on the primary's thread. A callback must not destroy
// the primary; it may call Drain() and KillAll().
#ifndef CORE_PRIMARY_WORKERS_PRIMARY_OBSERVER_H_
#define CORE_PRIMARY_WORKERS_PRIMARY_OBSERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

enum class WorkerEventKind : uint8_t {
  kFork,
  kOnline,
  kListening,
  kDisconnect,
  kExit,
  kError,
};

// Returns the event's name in Node's words, such as "online".
absl::string_view WorkerEventName(WorkerEventKind kind);

struct WorkerEvent {
  WorkerEventKind kind = WorkerEventKind::kFork;
  uint32_t worker_id = 0;
  pid_t pid = -1;  // -1 if it could not be started
  // kListening: the number of the listener. kExit: the code and the signal.
  uint32_t listener = 0;
  int code = 0;
  int signal = 0;
  // It was asked to end, or asked to itself.
  bool planned = false;
  // For people: how long kOnline took; how and why, for kExit; why, for kError.
  // A reason that ends the primary is told by OnGivingUp() alone.
  std::string detail;
};

// Why a Primary ended.
struct PrimaryEnd {
  enum class Kind {
    kDrained,        // as asked by Drain()
    kKilled,         // as asked by KillAll()
    kWorkersDied,    // more often than allowed
    kPluginRefused,  // a worker said that a restart cannot help
    kCannotFork,     // no worker is left, and the kernel lets none be started
  };
  Kind kind = Kind::kDrained;
  // Of the last worker that died, the kernel's for kCannotFork; empty if
  // planned.
  std::string reason;
};

class PrimaryObserver {
 public:
  virtual ~PrimaryObserver() = default;
  virtual void OnEvent(const WorkerEvent& event) = 0;
  // From now on connections are accepted, and served as soon as a worker
  // listens. Once, and not if it drains before.
  virtual void OnAccepting() {}
  // It ends, and nobody asked it to: before the other workers are told. Once.
  virtual void OnGivingUp(const PrimaryEnd& end) {}
  // The primary itself is hindered, such as by its descriptor limit.
  virtual void OnTrouble(absl::string_view text) {}
  // A log line of a worker; `level` is CLUSTER_LOG_* of the plugin ABI.
  virtual void OnLog(uint32_t worker_id,
                     pid_t pid,
                     int level,
                     absl::string_view text) = 0;
  // A line that plugin code printed; `fd` is 1 or 2.
  virtual void OnOutput(uint32_t worker_id,
                        pid_t pid,
                        int fd,
                        absl::string_view line) = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_PRIMARY_OBSERVER_H_
