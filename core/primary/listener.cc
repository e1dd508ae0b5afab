#include "core/primary/listener.h"

#include <utility>

#include "core/control/peer_address.h"

namespace cluster {

Listener::Listener(uint32_t listener, UniqueFd bound_socket, ListenAddress at)
    : bound(std::move(at)), socket(std::move(bound_socket)) {
  const bool datagram = bound.kind == ListenAddress::Kind::kUdp;
  facts = {.listener = listener,
           .kind = datagram ? ListenerKind::kDatagram : ListenerKind::kStream,
           .address = ToPeerAddress(bound.storage, bound.length),
           .text = bound.text,
           .fd = bound.fd};
}

}  // namespace cluster
