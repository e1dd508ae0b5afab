// WorkerProcess: one worker process, as the primary holds it.
//
// It moves bytes and watches ends: frames from the control channel, lines from
// the worker's output, the end of the process. What they mean is the owner's to
// decide (core/supervisor/worker_state_machine.h, core/primary/primary.h).
//
// Thread safety: the io_context's thread. Lifetime: an owner may not destroy a
// worker from within its own callback.
#ifndef CORE_PRIMARY_WORKERS_WORKER_PROCESS_H_
#define CORE_PRIMARY_WORKERS_WORKER_PROCESS_H_

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/deadline_ns.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/event_loop/alarm.h"
#include "core/event_loop/fd_watch.h"
#include "core/primary/connections/slot.h"
#include "core/primary/workers/replacement.h"
#include "core/primary/workers/served_listeners.h"
#include "core/primary/workers/worker_output.h"
#include "core/primary/workers/worker_signs.h"
#include "core/supervisor/spawner.h"
#include "core/supervisor/worker_record.h"
#include "ipc/archive.h"
#include "ipc/shared_bytes.h"
#include "ipc/unix_channel.h"

namespace cluster {

class WorkerOwner;

class WorkerProcess {
 public:
  // `slot` and `owner` must outlive it. `fork_ns` is when its start began, on
  // CLOCK_MONOTONIC. With `capture_output` the owner is told the lines that
  // come from the child's pipes 1 and 2. Errors: the kernel's, if it will not
  // watch the child, which is killed then, and gone.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Create(
      boost::asio::io_context& io,
      uint32_t id,
      Slot& slot,
      ChildProcess child,
      bool capture_output,
      int64_t fork_ns,
      WorkerOwner& owner);

  uint32_t id() const { return id_; }
  pid_t pid() const { return pid_; }
  int64_t fork_ns() const { return fork_ns_; }
  Slot& slot() const { return slot_; }
  // The owner's.
  WorkerRecord record;
  std::string last_words;  // why it ended, as it said or as was seen
  // Once it has ended; none if nobody is replaced.
  std::optional<Replacement::Verdict> verdict;
  bool reason_follows = false;  // the primary ends, and says why this one did
  ServedListeners listeners;
  bool told_to_drain = false;
  int64_t drain_deadline_ns = kNeverNs;         // until when, as it was told
  std::optional<absl::Duration> drain_timeout;  // its own, else that of all
  std::string plugin;                           // its file's name
  bool json_values = false;                     // values go to it as JSON text
  bool ready = true;                            // its plugin wants connections
  bool told_ready = true;                       // ... as its listeners know
  bool says_room = false;                       // in this turn
  bool paused = false;      // an operator wants it to get none
  bool end_wanted = false;  // ... or to be replaced
  WorkerSigns signs;
  // Whether it takes connections of `listener` now.
  bool serves(uint32_t listener) const {
    return record.serving && ready && !paused && listeners.takes(listener);
  }
  // Of unread_bytes(), what other workers sent it, or more.
  uint64_t message_bytes = 0;

  // Queues a message; it is written before the loop waits again.
  template <class Message>
  void Send(FrameType type,
            const Message& message,
            std::vector<UniqueFd> fds = {}) {
    SendBytes(type, Encode(message), std::move(fds));
  }
  void SendEmpty(FrameType type) { SendBytes(type, {}, {}); }
  // Queues a frame in two pieces, which Flush() writes. Returns its end, as
  // written_bytes() counts.
  uint64_t Queue(FrameType type,
                 std::span<const std::byte> head,
                 std::span<const std::byte> rest,
                 std::vector<UniqueFd> fds);
  // The same for a second piece that is shared.
  uint64_t QueueShared(FrameType type,
                       std::span<const std::byte> head,
                       const SharedBytes& rest,
                       std::vector<UniqueFd> fds);
  // Writes what the kernel takes; the rest follows when it takes more.
  void Flush();
  // Of the channel, from its beginning.
  uint64_t written_bytes() const {
    return channel_.has_value() ? channel_->written_bytes() : 0;
  }
  // What it was sent and has not read.
  size_t unread_bytes() const {
    return channel_.has_value() ? channel_->queued_bytes() : 0;
  }
  size_t unread_fds() const {
    return channel_.has_value() ? channel_->queued_fds() : 0;
  }
  // Returns an errno, 0 if it was sent or the process has ended.
  int Signal(int signal) { return SendSignal(pidfd_.get(), signal); }
  // Our ends of the pipes to it, by their number there, unless their lines are
  // the owner's: the caller's from now on.
  std::vector<UniqueFd> TakePipes() { return std::move(pipes_); }
  // Kills it if it still runs after `delay`; `why` are its last words then, if
  // it has said none. Of several calls, the earliest time counts.
  void KillAfter(absl::Duration delay, std::string why);
  // Closes the channel and reports it to the owner with `why`, unless it was
  // closed before.
  void CloseChannel(const absl::Status& why);
  // Closes the channel and tells nobody: the owner ends.
  void Abandon();
  // Borrowed.
  int pidfd() const { return pidfd_.get(); }

 private:
  WorkerProcess(boost::asio::io_context& io,
                uint32_t id,
                Slot& slot,
                ChildProcess child,
                int64_t fork_ns,
                WorkerOwner& owner);

  absl::Status Watch();
  absl::Status CaptureOutput();
  void SendBytes(FrameType type,
                 std::span<const std::byte> payload,
                 std::vector<UniqueFd> fds);
  void ReadChannel();
  void OnProcessEnd();

  boost::asio::io_context& io_;
  const uint32_t id_;
  const pid_t pid_;
  const int64_t fork_ns_;
  Slot& slot_;
  WorkerOwner& owner_;
  const UniqueFd pidfd_;
  std::optional<UnixChannel> channel_;
  std::unique_ptr<FdWatch> channel_watch_;
  std::unique_ptr<FdWatch> exit_watch_;
  Alarm flush_alarm_;
  Alarm kill_alarm_;
  int64_t kill_at_ns_ = 0;
  std::vector<UniqueFd> pipes_;
  std::vector<std::unique_ptr<WorkerOutput>> outputs_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WORKER_PROCESS_H_
