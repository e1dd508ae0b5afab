// AsioWorker and AsioConnection: a plugin on Boost.Asio, on one thread.
//
// AsioWorker runs an io_context on the worker's main thread and the host's work
// (new connections, posts, drain) inside it. AsioConnection is an accepted
// connection as an Asio socket that ends in the right order: out of Asio's
// epoll set first, since the primary may still hold a copy of the descriptor
// and events for it would keep coming; then shutdown, close, and the host is
// told.
//
// Thread safety: as Asio's; the io_context runs on the loop thread.
// Lifetime: everything made here must end before the worker.
//
//   class Hello : public cluster::sdk::AsioWorker {
//    public:
//     using AsioWorker::AsioWorker;
//     void OnConnection(cluster::sdk::Connection connection) override {
//       auto stream = AsioConnection<>::Open(io_context(),
//                                            std::move(connection));
//     }
//   };
#ifndef PLUGINS_SDK_ASIO_H_
#define PLUGINS_SDK_ASIO_H_

#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <exception>
#include <type_traits>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/worker.h"

namespace cluster::sdk {

class AsioWorker : public Worker {
 public:
  explicit AsioWorker(Host host) : Worker(host), pollable_(io_context_) {}

  boost::asio::io_context& io_context() { return io_context_; }

  // Runs the io_context until the host says that the worker has ended. Called
  // by the host, after OnStart. What a handler throws is logged; whatever that
  // handler owned is gone, and the loop goes on.
  Status Run() {
    const Services& services = host().services();
    boost::system::error_code error;
    pollable_.assign(services.embedding.pollable(services.host), error);
    if (error) return Status(CLUSTER_E_SYSTEM, error.message());
    WaitForHost();
    while (!CatchAll(services, "a handler", [&] { io_context_.run(); })) {
    }
    static_cast<void>(pollable_.release());  // the host's
    return ended_ ? Status()
                  : Status(CLUSTER_E_FAILED, "the io_context was stopped");
  }

 private:
  // Asio asks epoll for edges, and this descriptor is readable as long as there
  // is work. Each async_wait arms it anew (EPOLL_CTL_MOD), which reports what
  // is already there, so that nothing is missed between dispatch and the next
  // wait.
  void WaitForHost() {
    pollable_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                         [this](boost::system::error_code error) {
                           if (!error) Dispatch();
                         });
  }

  void Dispatch() {
    const Services& services = host().services();
    ended_ = services.embedding.dispatch(services.host) == CLUSTER_STOPPED;
    if (ended_) {
      io_context_.stop();
    } else {
      WaitForHost();
    }
  }

  boost::asio::io_context io_context_{1};
  boost::asio::posix::stream_descriptor pollable_;
  bool ended_ = false;
};

// `Protocol` is generic::stream_protocol, which takes every connection, or
// ip::tcp or local::stream_protocol for who serves only those.
template <typename Protocol = boost::asio::generic::stream_protocol>
class AsioConnection {
 public:
  using Socket = typename Protocol::socket;

  // Takes the connection into `io_context`. It is closed on failure.
  //   CLUSTER_E_SYSTEM  Asio cannot watch the descriptor
  static Result<AsioConnection> Open(boost::asio::io_context& io_context,
                                     Connection connection) {
    Socket socket(io_context);
    boost::system::error_code error;
    socket.assign(ProtocolOf(connection.peer().family), connection.fd(), error);
    if (error) return Status(CLUSTER_E_SYSTEM, error.message());
    return AsioConnection(std::move(socket), std::move(connection));
  }

  AsioConnection(AsioConnection&&) = default;
  AsioConnection& operator=(AsioConnection&& other) noexcept {
    if (this == &other) return *this;
    Close();
    socket_ = std::move(other.socket_);
    connection_ = std::move(other.connection_);
    return *this;
  }
  ~AsioConnection() { Close(); }

  Socket& socket() { return socket_; }
  uint64_t id() const { return connection_.id(); }
  const Connection& connection() const { return connection_; }

  // Ends the connection; operations that wait on the socket are cancelled. Does
  // nothing when it has ended.
  void Close() noexcept {
    if (!connection_.is_open()) return;
    boost::system::error_code ignored;  // only says that it is not open
    static_cast<void>(socket_.release(ignored));
    connection_.Close();
  }

 private:
  AsioConnection(Socket socket, Connection connection)
      : socket_(std::move(socket)), connection_(std::move(connection)) {}

  static Protocol ProtocolOf(uint8_t family) {
    const int domain = family == CLUSTER_FAMILY_IPV4   ? AF_INET
                       : family == CLUSTER_FAMILY_IPV6 ? AF_INET6
                                                       : AF_UNIX;
    if constexpr (std::is_same_v<Protocol,
                                 boost::asio::generic::stream_protocol>) {
      return Protocol(domain, 0);
    } else if constexpr (std::is_same_v<Protocol,
                                        boost::asio::local::stream_protocol>) {
      return Protocol();
    } else {
      return domain == AF_INET6 ? Protocol::v6() : Protocol::v4();
    }
  }

  Socket socket_;
  Connection connection_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_ASIO_H_
