// Listener: one address of the host, with what the data path needs there.
//
// A stream listener of hand-off has a dispatcher and, once started, an accept
// loop, which then owns the socket. One of share, and a datagram listener, is
// its socket alone: workers get copies.
//
// Thread safety: the io_context's thread.
#ifndef CORE_PRIMARY_LISTENER_H_
#define CORE_PRIMARY_LISTENER_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/control/listener_messages.h"
#include "core/primary/accept_loop.h"
#include "core/primary/dispatcher.h"
#include "ipc/address.h"

namespace cluster {

struct Listener {
  // Takes `socket`, bound and non-blocking; a stream socket listens. Errors:
  // the kernel's, or that it is no socket of IP or Unix.
  static absl::StatusOr<std::unique_ptr<Listener>> Create(uint32_t listener,
                                                          UniqueFd socket);

  bool datagram() const { return facts.kind == ListenerKind::kDatagram; }

  ListenerFacts facts;
  ListenAddress bound;
  UniqueFd socket;
  std::unique_ptr<Dispatcher> dispatcher;   // hand-off only
  std::unique_ptr<AcceptLoop> accept_loop;  // likewise; before it, `socket`
};

}  // namespace cluster

#endif  // CORE_PRIMARY_LISTENER_H_
