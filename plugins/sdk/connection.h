// Connection: sole owner of one accepted connection.
//
// The host counts open connections to schedule and to drain; however a
// Connection ends, it tells the host, and in the order that is right while the
// primary may still hold a copy of the descriptor.
//
// Thread safety: loop thread only.
// Lifetime: must end before the worker that was given it.
//
//   void OnConnection(Connection connection) override {
//     ::send(connection.fd(), "bye\n", 4, MSG_NOSIGNAL);
//   }  // closed here
#ifndef PLUGINS_SDK_CONNECTION_H_
#define PLUGINS_SDK_CONNECTION_H_

#include <cstdint>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

class Connection {
 public:
  // Takes the descriptor in `connection`. `services` must outlive this.
  Connection(const Services& services, const cluster_connection& connection)
      : services_(&services), connection_(connection) {}
  Connection(Connection&& other) noexcept
      : services_(other.services_), connection_(other.connection_) {
    other.connection_.fd = -1;
  }
  Connection& operator=(Connection&& other) noexcept {
    if (this == &other) return *this;
    Close();
    services_ = other.services_;
    connection_ = other.connection_;
    other.connection_.fd = -1;
    return *this;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { Close(); }

  bool is_open() const { return connection_.fd >= 0; }

  // The descriptor: non-blocking; -1 once closed.
  int fd() const { return connection_.fd; }
  uint64_t id() const { return connection_.id; }
  uint32_t listener() const { return connection_.listener; }
  uint64_t accepted_ns() const { return connection_.accepted_ns; }
  const cluster_address& peer() const { return connection_.peer; }

  // Returns the address at which the peer reached this host.
  //   CLUSTER_E_SYSTEM  the kernel has none for it
  Result<cluster_address> LocalAddress() const {
    cluster_address address = {};
    const cluster_status code = services_->connection.local_address(
        services_->host, connection_.fd, &address);
    if (code != CLUSTER_OK) return Status(code, "no local address");
    return address;
  }

  // Closes the connection; does nothing when it is closed. End every watch on
  // the descriptor before.
  void Close() noexcept {
    const int fd = std::exchange(connection_.fd, -1);
    if (fd < 0) return;
    services_->connection.close(services_->host, fd, connection_.id);
  }

  // Gives the descriptor to the caller, who now has to call
  // Host::ReportClosed(id()) when it is closed.
  [[nodiscard]] int Release() { return std::exchange(connection_.fd, -1); }

 private:
  const Services* services_;
  cluster_connection connection_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_CONNECTION_H_
