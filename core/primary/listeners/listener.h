// Listener: one address of the host, with what the data path needs there.
//
// A stream listener of hand-off has a dispatcher and, once started, an accept
// loop, which then owns the socket. One of steer has a dispatcher and a socket
// for each slot. One of share, and a datagram listener, is its socket alone, of
// which workers get copies; a datagram listener of steer is one for each slot.
//
// Thread safety: the io_context's thread.
#ifndef CORE_PRIMARY_LISTENERS_LISTENER_H_
#define CORE_PRIMARY_LISTENERS_LISTENER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/data_path.h"
#include "core/control/listener_messages.h"
#include "core/primary/connections/accept_loop.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/connections/slot.h"
#include "core/primary/connections/steering.h"
#include "ipc/address.h"
#include "ipc/reuseport_group.h"

namespace cluster {

struct Listener {
  // Takes `bound_socket`, which is bound there and non-blocking; a stream
  // socket listens.
  Listener(uint32_t listener, UniqueFd bound_socket, ListenAddress at);

  // Whether `fd` is one of its own sockets.
  bool Owns(int fd) const {
    return socket.get() == fd ||
           (accept_loop != nullptr && accept_loop->fd() == fd);
  }
  // From what a worker of `slot` takes connections: the stream, the socket, or
  // for steer both. Borrowed. REQUIRES: the slot has its stream.
  std::vector<int> SourcesOf(const Slot& slot) const;
  // Opens what the slot, the newest, needs there: where it is shut, nothing to
  // accept from. Errors: see Steering and ReuseportGroup.
  absl::Status AddSlot(Slot& slot);
  // Undoes that, of which it may have failed. The slot's stream stays.
  void DropSlot(const Slot& slot);
  // Accepts what the kernel holds, and no more. The file of a Unix socket of
  // our own goes.
  void CloseSockets();

  bool datagram() const { return facts.kind == ListenerKind::kDatagram; }

  ListenerFacts facts;
  ListenAddress bound;
  DataPath data_path = DataPath::kHandoff;
  UniqueFd socket;
  std::unique_ptr<Dispatcher> dispatcher;   // hand-off and steer
  std::unique_ptr<AcceptLoop> accept_loop;  // hand-off; before it, `socket`
  std::unique_ptr<Steering> steering;       // steer, in place of `socket`
  std::optional<ReuseportGroup> datagrams;  // likewise, of datagrams
  bool shut = false;                        // it accepts no more
};

}  // namespace cluster

#endif  // CORE_PRIMARY_LISTENERS_LISTENER_H_
