// Cluster: Node's `cluster`, for C++. One program is both the primary, which
// forks workers and owns the ports, and the workers, which serve them together.
//
// The names are Node's, in lower case: the one exception from this project's
// style, since that is what their users look for. Differences are listed in
// docs/node_differences.md; docs/library.md is a tour.
//
// A worker is this program, started anew: main() runs there from its beginning,
// and is_worker() is true. Make the Cluster first thing in main(): in a worker
// it says to the primary that it is online, and what the primary told it is
// removed from the environment before main(). A worker that was made to run
// a plugin never gets further than that.
//
// A primary may make several Clusters, each with workers of its own. In a
// worker it does not matter how many there are: all give the same worker().
//
// Calls of the wrong role (fork() in a worker) are errors of the program: one
// line on standard error, and exit code 1.
//
// Thread safety: the thread that made it, which is also where all listeners are
// called: never from within fork(), disconnect() and the like.
//
//   int main(int argc, char** argv) {
//     cluster::Cluster cluster(argc, argv);
//     if (cluster.is_primary()) {
//       for (int i = 0; i < 4; ++i) cluster.fork();
//       return cluster.run();
//     }
//     cluster.worker().listen({.port = 8000}, [](cluster::Connection c) {
//       ::send(c.fd(), "hello\n", 6, MSG_NOSIGNAL);
//     });
//     return cluster.run();
//   }
//
// With this header come, of core/cluster/:
//   events.h          the events of a cluster and of a worker
//   worker.h          a worker, as the primary holds it
//   this_worker.h     a worker's own side
//   server.h, datagram_socket.h, listen_options.h   where a worker serves
//   message.h, value/value.h, handle.h, send_options.h   what processes send
//   settings.h        what workers run, and their environment
//   stream.h          a pipe to a worker
//   system_error.h    which system call failed, and why
//   passed_sockets.h  what systemd has opened
// Only typed_message.h, messages of a program's own types, is for itself.
#ifndef CORE_CLUSTER_H_
#define CORE_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/cluster/event_set.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "core/cluster/message.h"
#include "core/cluster/passed_sockets.h"
#include "core/cluster/send_options.h"
#include "core/cluster/settings.h"
#include "core/cluster/system_error.h"
#include "core/cluster/this_worker.h"
#include "core/cluster/worker.h"

namespace boost::asio {
class io_context;
}

namespace cluster {

class Primary;
class PrimaryObserver;
struct PrimaryOptions;
class PrimarySide;

struct ClusterOptions {
  // The primary's loop, instead of one of its own. Outlives the cluster.
  boost::asio::io_context* io = nullptr;
  // Keeps a port open for 30 s after the channel of its last worker has ended,
  // so that a successor finds it. Not after Cluster::disconnect().
  bool keep_ports = false;
  // A worker that was told to disconnect cuts what is left after that, and is
  // killed a little later. Worker::disconnect(deadline): one of its own.
  absl::Duration drain_timeout = absl::InfiniteDuration();
};

// Listeners (on, once, off: core/cluster/events.h) of an event of a worker are
// called behind the worker's own.
class Cluster : public Listenable<ClusterEvents> {
 public:
  using Workers = std::map<uint32_t, std::shared_ptr<Worker>>;

  // `argv` outlives it: its words are the workers' by default, as they are when
  // setup_primary() or fork() is first called.
  Cluster(int argc, char** argv, const ClusterOptions& options = {});
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  // Closes the channels of workers that still live, which ends them. Blocks up
  // to two seconds for that, then kills the rest.
  ~Cluster();

  // The role, fixed when the process started.
  bool is_primary() const { return primary_ != nullptr; }
  bool is_worker() const { return primary_ == nullptr; }

  // Runs until no worker is left and nothing else waits. In a worker: until it
  // is to end and its channel is closed, which is `disconnect` in the primary;
  // the process may go on as long as it likes. Returns the process's exit code:
  // in the primary 0, or 1 if there was an error since the last call that
  // nobody listened for.
  int run();

  // ---- In a worker

  ThisWorker& worker();

  // ---- In the primary

  // Starts a worker. Its process runs when this returns, and it is in
  // workers(). What cannot work at all (a user that is not allowed, a plan of
  // descriptors that makes no sense) is in its status(), and it is in no list;
  // what the system lacks for now (no such file, no memory) comes as its error
  // event, too. Both consume an id and raise the cluster's error event.
  std::shared_ptr<Worker> fork(const ForkOptions& options = {});

  // Those that were forked, are not gone and were not told to disconnect.
  Workers workers() const;

  // Changes what later forks do: what `change` does not mention stays.
  //   kInvalidArgument  there is no scheduling policy of that name
  absl::Status setup_primary(const Settings& change = {});
  // As made by the latest setup_primary() or fork(); each makes another object.
  // Empty before the first.
  std::shared_ptr<const Settings> settings() const;

  // How connections are given to workers; later changes than the first
  // setup_primary() or fork() have no effect.
  const std::string& scheduling_policy() const;
  void set_scheduling_policy(std::string policy);
  // The same at any time: while workers serve, the policy changes with the next
  // connection, and none is lost by it. Takes kSchedRr or any of core/host's
  // --policy; kSchedNone before the first fork() only.
  //   kInvalidArgument     there is no such policy; the message offers names
  //   kFailedPrecondition  who accepts is settled, and would have to change; or
  //                        it ignores weights, and workers have different ones
  absl::Status set_policy(const std::string& policy);

  // For programs that set the engine up themselves, as core/host does: begins
  // with `options` in place of the settings and the policy. Those may name
  // listeners that are bound already, workers that the engine forks and
  // replaces by itself, and limits (core/primary/primary_options.h). Its
  // workers are this cluster's as those of fork(). `observer`, which may be
  // null and outlives this, gets what goes into logs, and prints in the
  // library's place.
  //   kFailedPrecondition  setup_primary(), fork() or start() was called before
  //   others               the options are bad, or the kernel's
  absl::Status start(PrimaryOptions options,
                     PrimaryObserver* observer = nullptr);
  // The engine: its books, metrics and answers to operators, how it drains, and
  // why it ended. REQUIRES: start(), setup_primary() or fork() has succeeded.
  Primary& engine();

  // Sends to every worker whose channel is open. The message is encoded once,
  // and once more if there are workers that get JSON; its bytes are held once;
  // each worker gets a copy of the handle. As
  // Worker::send(), except that what was not taken is no error event.
  bool send_to_all(const Message& message,
                   HandleArgument handle = {},
                   const SendOptions& options = {},
                   SendCallback sent = {});
  // Answers message.request(), once, now or later. As send_to_all(); and
  //   kFailedPrecondition  it was answered, or nobody waits any more
  bool reply(const Request& request,
             const Message& message,
             HandleArgument handle = {},
             const SendOptions& options = {},
             SendCallback sent = {});

  // Disconnects all workers. `done` is called when the last of all that ever
  // were is gone, in a later turn also if there is none.
  void disconnect(std::function<void()> done = {});

 private:
  PrimarySide& AsPrimary(const char* function) const;

  std::unique_ptr<PrimarySide> primary_;  // null in a worker
};

// In a worker that was made to run a plugin: runs it, and ends the process.
// Else returns at once. The first Cluster does this by itself; it is for
// programs that make theirs later than first thing in main().
void run_if_plugin_worker();

}  // namespace cluster

#endif  // CORE_CLUSTER_H_
