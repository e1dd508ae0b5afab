// ListenerDesk: what a worker's servers and datagram sockets ask of the runtime
// that they live in, and which of them gets what comes.
//
// Thread safety: the worker's thread, but for the ends of connections. One a
// process, and as long as that.
//
//   desk.Listen(endpoint, 511, [](const ListenerDesk::Answer& answer) { ... });
#ifndef CORE_CLUSTER_LISTENER_DESK_H_
#define CORE_CLUSTER_LISTENER_DESK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/cluster/endpoint.h"
#include "core/cluster/events.h"
#include "core/cluster/handle.h"
#include "core/cluster/own_listener.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/services.h"

namespace cluster {

class DatagramSocket;
class Server;

class ListenerDesk {
 public:
  // What the primary has said.
  struct Answer {
    absl::Status status;  // a SystemError, if the kernel said no
    uint32_t listener = 0;
    Address bound = {};
  };

  // `ends` says whether the worker is about to end; `on_error` gets what no
  // server's listener did. Both are called on the worker's thread.
  ListenerDesk(std::function<bool()> ends,
               std::function<void(const absl::Status&)> on_error);
  ListenerDesk(const ListenerDesk&) = delete;
  ListenerDesk& operator=(const ListenerDesk&) = delete;
  ~ListenerDesk();

  // The services, which outlive it. Before all else.
  void Begin(const sdk::Services& services);

  // Asks the primary to listen there; `done` gets what it said. Nothing
  // happens, and `done` is not called, where the worker is about to end.
  void Listen(const Endpoint& endpoint,
              int backlog,
              std::function<void(const Answer& answer)> done);
  void Close(uint32_t listener);
  // Others get its connections as long as it is paused.
  void Pause(uint32_t listener, bool paused);

  // From now on `server` gets the listener's connections, and nobody.
  void Serve(uint32_t listener, std::shared_ptr<Server> server);
  void StopServing(uint32_t listener);
  // Listens on a socket that the primary knows nothing of; `server` gets its
  // connections until LetGo(). Errors: OwnListener's.
  absl::StatusOr<std::unique_ptr<OwnListener>> Own(
      const std::shared_ptr<Server>& server, Handle handle, int backlog);
  void LetGo(const Server& server);
  // Gives `server` a connection that the primary knows nothing of.
  void GiveOwn(const std::shared_ptr<Server>& server,
               UniqueFd fd,
               const cluster_address& peer);
  // Kept as long as it is bound.
  void Keep(std::shared_ptr<DatagramSocket> socket);
  void LetGo(const DatagramSocket& socket);

  // Calls `run` in a later turn, or when the worker ends.
  void Later(std::function<void()> run);
  void Error(const absl::Status& status) { on_error_(status); }
  sdk::Host host() const { return sdk::Host(*services_); }
  // The same for the program: the ends of connections that it reports count.
  sdk::Host counted_host() const { return sdk::Host(counted_); }
  // The worker is about to end.
  bool ends() const { return ends_(); }
  // The primary has let something of the worker's listen.
  bool has_listened() const { return has_listened_; }

  // What the runtime tells the worker's code.
  void Give(const cluster_connection& given);
  void Drain();
  void Stop();

 private:
  struct Request;

  static void OnAnswer(void* request,
                       cluster_status status,
                       uint32_t listener,
                       const cluster_error* error);
  // In place of the host's: the servers count, and it does not know what came
  // without it.
  static void CloseConnection(const cluster_host* host,
                              int32_t fd,
                              uint64_t id);
  static void ConnectionClosed(const cluster_host* host, uint64_t id);
  static void AddRequests(const cluster_host* host,
                          uint64_t id,
                          int32_t change);
  void Ended(uint64_t connection_id);
  void RunLater();

  const std::function<bool()> ends_;
  const std::function<void(const absl::Status&)> on_error_;
  const std::thread::id thread_ = std::this_thread::get_id();
  const sdk::Services* services_ = nullptr;
  sdk::Services counted_;  // the same, with its own ends of connections
  sdk::Services strict_;   // the same, and what is thrown ends the worker
  std::map<uint32_t, std::shared_ptr<Server>> servers_;  // by listener
  std::set<std::shared_ptr<Server>> own_servers_;        // without one
  uint64_t next_own_id_;                                 // of their connections
  absl::flat_hash_map<uint64_t, std::shared_ptr<Server>> by_connection_;
  std::set<std::shared_ptr<DatagramSocket>> sockets_;
  std::deque<std::function<void()>> later_;
  bool has_listened_ = false;
  bool stopping_ = false;  // there is no later turn
};

}  // namespace cluster

#endif  // CORE_CLUSTER_LISTENER_DESK_H_
