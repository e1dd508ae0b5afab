#include "core/primary/listener.h"

#include <utility>

#include "core/base/status_macros.h"
#include "core/control/peer_address.h"

namespace cluster {

absl::StatusOr<std::unique_ptr<Listener>> Listener::Create(uint32_t listener,
                                                           UniqueFd socket) {
  auto made = std::make_unique<Listener>();
  ASSIGN_OR_RETURN(made->bound, LocalAddress(socket.get()));
  const bool datagram = made->bound.kind == ListenAddress::Kind::kUdp;
  made->facts = {
      .listener = listener,
      .kind = datagram ? ListenerKind::kDatagram : ListenerKind::kStream,
      .address = ToPeerAddress(made->bound.storage, made->bound.length),
      .text = made->bound.text};
  made->socket = std::move(socket);
  return made;
}

}  // namespace cluster
