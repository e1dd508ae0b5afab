// The events of a cluster and of a worker, and who may listen to them how.
//
//   cluster.on(events::exit, [](Worker& worker, int code, int signal) { ... });
//   worker.once(events::online, [] { ... });
#ifndef CORE_CLUSTER_EVENTS_H_
#define CORE_CLUSTER_EVENTS_H_

#include <string>

#include "absl/status/status.h"
#include "core/cluster/event_set.h"
#include "core/cluster/settings.h"

namespace cluster {

class Handle;
class Message;
class Worker;

// Where a worker listens.
struct Address {
  std::string address;  // a number or a path
  int port = -1;        // -1 for Unix sockets
  std::string type;     // "tcp4", "tcp6", "unix", "udp4", "udp6"
  int fd = -1;          // the primary's descriptor that was named, if one was
};

// Each names the signature of listeners of the cluster, and of one worker.
namespace events {
// fork() has made a worker, in an earlier turn.
struct Fork {
  using OfCluster = void(Worker&);
};
// The worker's process runs; none of its own code has run yet.
struct Online {
  using OfCluster = void(Worker&);
  using OfWorker = void();
};
// The worker listens: once for each of its servers.
struct Listening {
  using OfCluster = void(Worker&, const Address&);
  using OfWorker = void(const Address&);
};
// The channel to the worker is closed: once for each worker.
struct Disconnect {
  using OfCluster = void(Worker&);
  using OfWorker = void();
};
// The worker's process has ended: with `code`, or by `signal`, if that is not
// 0. Once for each that was started.
struct Exit {
  using OfCluster = void(Worker&, int code, int signal);
  using OfWorker = void(int code, int signal);
};
// setup_primary() was called, or fork() did; with the settings it made.
struct Setup {
  using OfCluster = void(const Settings&);
};
// A message of the worker's. In a worker: one of the primary's, or of another
// worker, as message.from() says.
// - The cluster's listeners hear it before the worker's own.
// - Those that come before the first listener wait for it: up to 64 MiB, where
//   each handle counts as one MiB. Then messages are dropped.
// - Who wants the handle moves it away; what all listeners leave is closed.
// - handle.lost() says that one was sent and did not arrive.
struct Message {
  using OfCluster = void(Worker&, const cluster::Message&, Handle&);
  using OfWorker = void(const cluster::Message&, Handle&);
};
// A worker could not be started or signalled, or something not sent to it. If
// nobody listens, run() returns 1; for what was not sent, it goes on.
struct Error {
  using OfCluster = void(Worker&, const absl::Status&);
  using OfWorker = void(const absl::Status&);
};

inline constexpr Fork fork;
inline constexpr Online online;
inline constexpr Listening listening;
inline constexpr Disconnect disconnect;
inline constexpr Exit exit;
inline constexpr Setup setup;
inline constexpr Message message;
inline constexpr Error error;
}  // namespace events

template <typename Event>
using OfCluster = typename Event::OfCluster;
template <typename Event>
using OfWorker = typename Event::OfWorker;

using ClusterEvents = EventSet<OfCluster,
                               events::Fork,
                               events::Online,
                               events::Listening,
                               events::Disconnect,
                               events::Exit,
                               events::Setup,
                               events::Message,
                               events::Error>;
using WorkerEvents = EventSet<OfWorker,
                              events::Online,
                              events::Listening,
                              events::Disconnect,
                              events::Exit,
                              events::Message,
                              events::Error>;

// Of a worker's own side.
using OwnEvents =
    EventSet<OfWorker, events::Disconnect, events::Message, events::Error>;

}  // namespace cluster

#endif  // CORE_CLUSTER_EVENTS_H_
