// Worker: a worker as the primary holds it, in Node's words.
//
// Thread safety: the cluster's thread. Lifetime: shared; it may be kept after
// the worker is dead and after its cluster is gone, and then only tells what it
// was.
//
//   std::shared_ptr<Worker> worker = cluster.fork();
//   worker->once(events::online, [&] { worker->disconnect(); });
#ifndef CORE_CLUSTER_WORKER_H_
#define CORE_CLUSTER_WORKER_H_

#include <signal.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/cluster/event_set.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "core/cluster/message.h"
#include "core/cluster/send_options.h"
#include "core/cluster/stream.h"
#include "core/supervisor/worker_record.h"

namespace cluster {

class WorkerCommands;

// Listeners are let go after the last event, so that they may hold the worker.
class Worker : public std::enable_shared_from_this<Worker>,
               public Listenable<WorkerEvents> {
 public:
  // The process.
  class Process {
   public:
    explicit Process(Worker& worker) : worker_(&worker) {}

    // -1 if it could not be started.
    pid_t pid() const { return worker_->pid_; }
    // None before the exit, and if a signal ended it. Below 0: it could not be
    // started, for this errno.
    std::optional<int> exit_code() const;
    // The signal that ended it.
    std::optional<int> signal() const;
    // The primary's end of the pipe at `number` there; null if there is none.
    std::shared_ptr<Stream> stream(size_t number) const;
    // Sends a signal; 0 only asks. Returns whether the process was there.
    bool kill(int signal = SIGTERM) { return worker_->Send(signal); }
    // A signal was sent by this, kill() or destroy(), other than 0. The process
    // may live on.
    bool killed() const { return worker_->killed_; }
    // Closes the channel in a later turn: the worker ends at once, and was not
    // asked to. Does nothing if it is closed.
    void disconnect();

   private:
    Worker* worker_;
  };

  // `commands` may be null. For the library.
  Worker(uint32_t id, WorkerCommands* commands)
      : id_(id), commands_(commands), process_(*this) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // From 1 up; never used again.
  uint32_t id() const { return id_; }
  Process& process() { return process_; }
  WorkerState state() const { return record_.state; }
  // The channel is open, and nobody has asked to close it.
  bool is_connected() const { return record_.connected && !closes_; }
  // There is no process, any more or at all.
  bool is_dead() const { return record_.dead(); }
  // Whether it was asked to end. None until that is known: at its first
  // disconnect or exit, or when it is asked.
  std::optional<bool> exited_after_disconnect() const {
    return record_.exited_after_disconnect;
  }
  // Why it could not be started; OK if it was.
  const absl::Status& status() const { return status_; }

  // Tells it to close its servers, finish its connections and end, `deadline`
  // from now at the latest (else the cluster's `drain_timeout` counts, which is
  // without end if nobody says more): it cuts what is left then, and is killed
  // if it lives a second later. From now on it gets no more connections and is
  // not in `workers`. May be called again, when the earlier end counts, and
  // when it is dead.
  Worker& disconnect(std::optional<absl::Duration> deadline = {});
  // Sends a signal at once, and nothing else: see disconnect().
  void kill(int signal = SIGTERM) { (void)Send(signal); }
  // Node's other name for it.
  void destroy(int signal = SIGTERM) { kill(signal); }

  // Gives it, and its slot's later workers, so many shares of the connections.
  //   kInvalidArgument     not from 1 to 65,536
  //   kFailedPrecondition  the policy ignores weights, or workers accept by
  //                        themselves
  //   kNotFound            it is dead
  absl::Status set_weight(uint32_t weight);
  // It gets no connections until resume(): what it has not started goes to
  // others, what it has goes on. Both may be called again.
  //   kFailedPrecondition  workers accept by themselves
  //   kNotFound            it is dead
  absl::Status pause();
  absl::Status resume();

  // Sends to it, in the order of these calls.
  // True: go on.
  // False: the message was not taken, which `sent` is told, with the reason;
  // without `sent` it is an error event. Or it was taken, and 128 KiB or more
  // wait to be read: who has more to send waits for `sent`.
  bool send(const Message& message,
            HandleArgument handle = {},
            const SendOptions& options = {},
            SendCallback sent = {});
  bool send(const Message& message, SendCallback sent) {
    return send(message, {}, {}, std::move(sent));
  }
  bool send(const Message& message, HandleArgument handle, SendCallback sent) {
    return send(message, handle, {}, std::move(sent));
  }
  // Asks it. `replied` gets its reply, or why there is none, at the latest
  // `deadline` from now (InfiniteDuration(): when the worker has ended).
  void request(const Message& message,
               absl::Duration deadline,
               ReplyCallback replied,
               HandleArgument handle = {},
               const SendOptions& options = {});

 private:
  friend class PrimarySide;

  bool Send(int signal);
  absl::Status Dead() const;
  absl::Status NoCluster() const;

  const uint32_t id_;
  WorkerCommands* commands_;  // null once the cluster is gone
  pid_t pid_ = -1;
  WorkerRecord record_;
  absl::Status status_;
  std::vector<std::shared_ptr<Stream>> streams_;
  bool killed_ = false;    // by a signal that was sent
  bool closes_ = false;    // its channel, in a later turn
  bool is_heard_ = false;  // somebody has listened for its messages
  Process process_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_WORKER_H_
