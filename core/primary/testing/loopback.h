// Loopback: a listening TCP socket on a port of the kernel's choice, and
// clients that connect to it, for tests.
#ifndef CORE_PRIMARY_TESTING_LOOPBACK_H_
#define CORE_PRIMARY_TESTING_LOOPBACK_H_

#include <sys/socket.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "ipc/address.h"
#include "ipc/listener.h"

namespace cluster {

class Loopback {
 public:
  explicit Loopback(int backlog = 511)
      : listener_(*OpenListener(*ParseListenAddress("127.0.0.1:0"),
                                {.backlog = backlog})),
        address_(*LocalAddress(listener_.get())) {}

  // The listening socket, for its owner under test.
  UniqueFd TakeListener() { return std::move(listener_); }

  // Connects `count` more clients; they wait in the kernel's backlog.
  void Connect(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (connect(client.get(),
                  reinterpret_cast<const sockaddr*>(&address_.storage),
                  address_.length) == 0) {
        clients_.push_back(std::move(client));
      }
    }
  }
  size_t connected() const { return clients_.size(); }
  void Disconnect() { clients_.clear(); }

 private:
  UniqueFd listener_;
  ListenAddress address_;
  std::vector<UniqueFd> clients_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_TESTING_LOOPBACK_H_
