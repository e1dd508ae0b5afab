// ThisWorker: a worker's own side, in Node's words.
//
// Thread safety: the thread that made the Cluster. Lifetime: the process's.
//
//   cluster.worker().listen({.port = 8000}, [](Connection connection) { ... });
#ifndef CORE_CLUSTER_THIS_WORKER_H_
#define CORE_CLUSTER_THIS_WORKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "core/cluster/datagram_socket.h"
#include "core/cluster/event_set.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "core/cluster/listen_options.h"
#include "core/cluster/message.h"
#include "core/cluster/send_options.h"
#include "core/cluster/server.h"
#include "core/supervisor/worker_record.h"
#include "plugins/sdk/host.h"

namespace cluster {

class ThisWorker : public Listenable<OwnEvents> {
 public:
  using OnConnection = Server::OnConnection;
  using OnListening = Server::OnListening;

  // For the library: `channel` is the inherited one, open.
  ThisWorker(uint32_t id, int channel);
  ThisWorker(const ThisWorker&) = delete;
  ThisWorker& operator=(const ThisWorker&) = delete;
  ~ThisWorker();

  uint32_t id() const { return id_; }
  // The channel to the primary is open.
  bool is_connected() const;
  // kOnline; kListening once the primary has let something of it listen; and
  // kDisconnected without a channel.
  WorkerState state() const;
  // False, as long as there is somebody to ask.
  bool is_dead() const { return false; }
  // True once this worker, or the primary, asked it to end; none before.
  std::optional<bool> exited_after_disconnect() const;

  // A server that does not listen yet (core/cluster/server.h). `connection` is
  // called with those that are this worker's.
  std::shared_ptr<Server> create_server(OnConnection connection);
  // One that does. What goes wrong is an `error` event; without a listener the
  // worker ends with code 1. Does nothing once the worker is about to end.
  std::shared_ptr<Server> listen(const ListenOptions& options,
                                 OnConnection connection,
                                 OnListening listening = {});

  // A datagram socket that is not bound yet (core/cluster/datagram_socket.h),
  // and one that is; likewise.
  std::shared_ptr<DatagramSocket> create_socket(
      const DatagramOptions& options, DatagramSocket::OnMessage message);
  std::shared_ptr<DatagramSocket> bind(const BindOptions& options,
                                       DatagramSocket::OnMessage message,
                                       OnListening listening = {});

  // Sends to the primary, in the order of these calls, and may be called until
  // `disconnect`: as Worker::send(). All that was taken is written before the
  // process ends by run(), by exit() or by what a listener has thrown, unless
  // the primary makes no room for it within five seconds. What ends it by a
  // signal, abort() or _exit() loses what this turn of the loop has sent, and
  // what is more than 1 MiB.
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
  // The same, to another worker by its id, where it is a `message` event, too;
  // and to all others. `sent` tells only that it has left this process: what is
  // for a worker that is gone is lost.
  bool send_to(uint32_t worker,
               const Message& message,
               HandleArgument handle = {},
               const SendOptions& options = {},
               SendCallback sent = {});
  bool send_to_others(const Message& message,
                      HandleArgument handle = {},
                      const SendOptions& options = {},
                      SendCallback sent = {});
  // Asks the primary, or another worker: as Worker::request(). A deadline is at
  // most 24 days.
  void request(const Message& message,
               absl::Duration deadline,
               ReplyCallback replied,
               HandleArgument handle = {},
               const SendOptions& options = {});
  void request_to(uint32_t worker,
                  const Message& message,
                  absl::Duration deadline,
                  ReplyCallback replied,
                  HandleArgument handle = {},
                  const SendOptions& options = {});
  // Answers message.request(), once, now or later: as Cluster::reply().
  bool reply(const Request& request,
             const Message& message,
             HandleArgument handle = {},
             const SendOptions& options = {},
             SendCallback sent = {});
  // Makes a handle of a connection: to be sent, it is none of this worker's.
  Handle release(Connection connection);

  // Closes the servers, waits for the open connections, then ends: run()
  // returns 0. May be called again.
  ThisWorker& disconnect();
  // Ends as soon as the primary has answered, whatever is open.
  void kill();

  // What plugins have: watches, timers, messages, metrics.
  sdk::Host host() const;

  // For the library. Serves until the end; returns the exit code.
  int Run();
  // For the library. The process ends otherwise than by Run().
  void FlushAtExit();
  // The primary wants a plugin here, not the program's own code.
  bool runs_plugin() const;

 private:
  class Side;

  const uint32_t id_;
  std::unique_ptr<Side> side_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_THIS_WORKER_H_
