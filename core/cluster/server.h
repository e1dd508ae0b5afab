// Server: one address that a worker serves, in Node's words (net.Server).
//
// Thread safety: the worker's thread. Lifetime: shared; it lives as long as it
// listens or has open connections, whoever holds it.
//
//   auto server = worker.create_server([](Connection connection) { ... });
//   server->set_max_connections(100);
//   server->listen({.port = 8000}, [](const Address& address) { ... });
//   server->listen(std::move(handle));  // or: one that came by a message
//   ...
//   server->close([](const absl::Status&) { /* the last connection ended */ });
#ifndef CORE_CLUSTER_SERVER_H_
#define CORE_CLUSTER_SERVER_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/cluster/event_set.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "core/cluster/listen_options.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/connection.h"

namespace cluster {

class ListenerDesk;
class OwnListener;

// One accepted connection, and its only owner (plugins/sdk/connection.h).
using Connection = sdk::Connection;

namespace events {
// A connection came when there were as many as there may be, and was closed.
struct Drop {
  using OfWorker = void(const cluster_address& peer);
};
// The server or socket has closed, and its last connection has ended.
struct Close {
  using OfWorker = void();
};

inline constexpr Drop drop;
inline constexpr Close close;
}  // namespace events

using ServerEvents =
    EventSet<OfWorker, events::Error, events::Drop, events::Close>;

class Server : public std::enable_shared_from_this<Server>,
               public Listenable<ServerEvents> {
 public:
  using OnConnection = std::function<void(Connection connection)>;
  using OnListening = std::function<void(const Address& address)>;
  using OnClosed = std::function<void(const absl::Status& status)>;

  // For the library; see ThisWorker::create_server.
  Server(ListenerDesk& desk, OnConnection connection);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Serves an address together with all workers that name the same: the primary
  // binds it. What goes wrong is an `error` event of this; of the worker, where
  // nobody listens. A second call before the first is answered takes its place.
  // Does nothing once the worker is about to end.
  //   kFailedPrecondition  it listens already
  absl::Status listen(const ListenOptions& options, OnListening listening = {});

  // The same with a socket that this process has: one that came by a message,
  // or that it inherited. The primary is not asked, hears nothing of it, and
  // disconnect() does not wait for its connections, whose listener() is
  // UINT32_MAX. Other processes that have the socket get what comes, too.
  // `backlog` is listen(2)'s, 0: 511; what is bound begins to listen by this.
  // The handle is the server's, and closed when it closes or fails.
  template <std::same_as<Handle> T>  // so that `{}` means ListenOptions
  absl::Status listen(T handle, OnListening listening = {}, int backlog = 0) {
    return ListenOn(std::move(handle), std::move(listening), backlog);
  }

  // Serves a connection that this process has otherwise, such as one that came
  // by a message: calls what create_server() was given, from within. It is as
  // one of listen(Handle), whether the server listens or not, and counts; that
  // there are as many as there may be does not refuse it, unless it is dropped
  // then. The handle is closed where it is refused.
  //   kInvalidArgument     it is no connected stream socket
  //   kFailedPrecondition  the worker is about to end
  absl::Status take(Handle handle);

  // Serves it no more, at once; other workers go on. It may listen again.
  // `closed` is called when all its connections have ended, with
  // kFailedPrecondition if it did not listen.
  void close(OnClosed closed = {});

  bool listening() const { return bound_.has_value(); }
  // Where it is bound; none while it does not listen.
  const std::optional<Address>& address() const { return bound_; }
  // Those that are open, of all times that it listened.
  size_t connections() const { return connections_; }

  // What comes while it has so many goes to other workers, or waits.
  // nullopt: no limit; 0: accept none.
  void set_max_connections(std::optional<uint32_t> most);
  // It is closed instead, and a `drop` event.
  void set_drop_max_connection(bool drop);

 private:
  friend class ListenerDesk;

  bool full() const { return most_.has_value() && connections_ >= *most_; }
  absl::Status ListenOn(Handle handle, OnListening listening, int backlog);
  void BeginOn(Handle handle, const OnListening& listening, int backlog);
  void Take(Connection connection);
  void Ended();
  // The worker ends.
  void Lost();
  void Fail(const absl::Status& status);
  // Lets others have what comes, while it is full.
  void PauseIfFull();
  void TellIfClosed();

  ListenerDesk& desk_;
  const OnConnection connection_;
  uint64_t asked_ = 0;     // how often; answers to older ones are stale
  bool asking_ = false;    // the newest is not answered
  uint32_t listener_ = 0;  // the primary's; or, instead of it,
  std::unique_ptr<OwnListener> own_;  // a socket of this process
  std::optional<Address> bound_;
  size_t connections_ = 0;
  std::optional<uint32_t> most_;
  bool drop_ = false;
  bool paused_ = false;
  bool closing_ = false;  // its connections are waited for
  std::vector<OnClosed> closed_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_SERVER_H_
