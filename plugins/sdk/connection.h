// Connection: sole owner of one accepted connection.
//
// The host counts open connections to schedule and to drain; however a
// Connection ends, it tells the host, and in the order that is right while the
// primary may still hold a copy of the descriptor.
//
// Thread safety: loop thread only.
// Lifetime: must end before the worker that was given it.
//
// The last bytes, sent with MSG_MORE just before the end, go in one segment
// with it, which saves a fifth of what a short connection costs
// (docs/benchmarks.md).
//
//   void OnConnection(Connection connection) override {
//     ::send(connection.fd(), "bye\n", 4, MSG_NOSIGNAL | MSG_MORE);
//   }  // closed here
#ifndef PLUGINS_SDK_CONNECTION_H_
#define PLUGINS_SDK_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

class Host;
class RequestScope;

class Connection {
 public:
  // Takes the descriptor in `connection`. `services` must outlive this.
  Connection(const Services& services, const cluster_connection& connection)
      : services_(&services), connection_(connection) {}
  Connection(Connection&& other) noexcept
      : services_(other.services_), connection_(other.connection_) {
    MoveFrom(other);
  }
  Connection& operator=(Connection&& other) noexcept {
    if (this == &other) return *this;
    Close();
    services_ = other.services_;
    connection_ = other.connection_;
    MoveFrom(other);
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

  // Says that `change` more requests run on the connection (fewer, if
  // negative). Policies may look at the sum over the worker. Nothing on a host
  // of ABI 0.1.
  void AddRequests(int32_t change) const {
    if (fd() < 0 || services_->connection.requests == nullptr) return;
    services_->connection.requests(services_->host, connection_.id, change);
  }
  // The same for as long as the result lives, which may be longer than this.
  [[nodiscard]] RequestScope CountRequest() const;

  // Adds to the bytes that the worker has read and written. Any thread.
  void AddBytes(uint64_t received, uint64_t sent) const {
    if (services_->connection.bytes == nullptr) return;
    services_->connection.bytes(
        services_->host, connection_.id, received, sent);
  }

  // Closes the connection; does nothing when it is closed. End every watch on
  // the descriptor before.
  void Close() noexcept {
    const int fd = Release();
    if (fd < 0) return;
    services_->connection.close(services_->host, fd, connection_.id);
  }

  // Gives the descriptor to the caller, who now has to call
  // Host::ReportClosed(id()) when it is closed.
  [[nodiscard]] int Release() noexcept {
    if (place_ != nullptr) *place_ = nullptr;
    place_.reset();
    return std::exchange(connection_.fd, -1);
  }

 private:
  friend class Host;  // a watch for the connection follows it

  // Where the connection is, however often it moves; null once it has ended.
  using Place = std::shared_ptr<Connection*>;
  Place place() {
    if (place_ == nullptr) {
      place_ = std::make_shared<Connection*>(is_open() ? this : nullptr);
    }
    return place_;
  }
  // After the plain members.
  void MoveFrom(Connection& other) noexcept {
    other.connection_.fd = -1;
    place_ = std::move(other.place_);
    if (place_ != nullptr) *place_ = this;
  }

  const Services* services_;
  cluster_connection connection_;
  Place place_;  // null until somebody asks
};

// RequestScope: counts one running request until it is destroyed. If its
// connection may end first, call Forget() then: the host has taken the request
// back with the connection, and must not be told a second time.
class RequestScope {
 public:
  RequestScope() = default;
  RequestScope(const Services& services, uint64_t id)
      : services_(services.connection.requests != nullptr ? &services
                                                          : nullptr),
        id_(id) {
    if (services_ != nullptr) Add(1);
  }
  RequestScope(RequestScope&& other) noexcept
      : services_(std::exchange(other.services_, nullptr)), id_(other.id_) {}
  RequestScope& operator=(RequestScope&& other) noexcept {
    if (this == &other) return *this;
    End();
    services_ = std::exchange(other.services_, nullptr);
    id_ = other.id_;
    return *this;
  }
  ~RequestScope() { End(); }

  // The request has ended.
  void End() noexcept {
    if (services_ == nullptr) return;
    Add(-1);
    services_ = nullptr;
  }
  // The connection has ended, and the request with it.
  void Forget() noexcept { services_ = nullptr; }

 private:
  void Add(int32_t change) const {
    services_->connection.requests(services_->host, id_, change);
  }

  const Services* services_ = nullptr;  // null: nothing runs
  uint64_t id_ = 0;
};

inline RequestScope Connection::CountRequest() const {
  return fd() < 0 ? RequestScope() : RequestScope(*services_, connection_.id);
}

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_CONNECTION_H_
