// DatagramSocket: UDP in a worker, in Node's words (dgram.Socket).
//
// Bound, it is one socket of all workers that bind the same: each datagram goes
// to one of them. Unbound, the first send() binds it for this worker alone.
//
// Thread safety: the worker's thread. Lifetime: shared; it lives as long as it
// is bound, whoever holds it.
//
//   auto socket = worker.create_socket({}, [&](std::string_view payload,
//                                              const Address& from) {
//     (void)socket->send(payload, from.port, from.address);
//   });
//   socket->bind({.port = 5353});
#ifndef CORE_CLUSTER_DATAGRAM_SOCKET_H_
#define CORE_CLUSTER_DATAGRAM_SOCKET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/cluster/event_set.h"
#include "core/cluster/events.h"
#include "core/cluster/listen_options.h"
#include "core/cluster/server.h"
#include "plugins/sdk/loop.h"

namespace cluster {

class ListenerDesk;

class DatagramSocket
    : public std::enable_shared_from_this<DatagramSocket>,
      public Listenable<EventSet<OfWorker, events::Error, events::Close>> {
 public:
  // `payload` is good during the call.
  using OnMessage =
      std::function<void(std::string_view payload, const Address& from)>;
  using OnListening = std::function<void(const Address& address)>;

  // For the library; see ThisWorker::create_socket.
  DatagramSocket(ListenerDesk& desk,
                 const DatagramOptions& options,
                 OnMessage message)
      : desk_(desk), options_(options), message_(std::move(message)) {}
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;

  // What goes wrong is an `error` event of this; of the worker, where nobody
  // listens. The socket is unbound then, and may bind again.
  //   kFailedPrecondition  it is bound, or waits to be
  absl::Status bind(const BindOptions& options, OnListening listening = {});

  // Sends one datagram; where bind() is not answered yet, when it is.
  //   with an errno  the kernel's
  absl::Status send(std::string_view payload,
                    int port,
                    const std::string& address);

  // Receives no more, at once. Does nothing if it is not bound.
  void close();

  // Where it is bound; none while it is not.
  std::optional<Address> address() const;
  // The descriptor, borrowed: for options such as the membership of a group,
  // which are those of all that share it. -1 while it is not bound.
  int fd() const { return fd_; }

 private:
  friend class ListenerDesk;

  struct Outgoing {
    std::string payload;
    int port;
    std::string address;
  };

  // Takes over `fd` as its own descriptor, to read from.
  absl::Status Follow(int fd);
  absl::Status BindForItself();
  void OnBound(uint32_t listener,
               const Address& bound,
               const OnListening& told);
  void OnReadable();
  void Fail(const absl::Status& status);
  // The worker ends.
  void Lost();
  void Unbind();

  ListenerDesk& desk_;
  const DatagramOptions options_;
  const OnMessage message_;
  uint64_t asked_ = 0;
  bool asking_ = false;
  std::optional<uint32_t> listener_;
  std::optional<Address> bound_;  // by the primary
  UniqueFd own_;
  int fd_ = -1;
  std::optional<sdk::Watch> watch_;
  std::vector<Outgoing> waiting_;
};

}  // namespace cluster

#endif  // CORE_CLUSTER_DATAGRAM_SOCKET_H_
