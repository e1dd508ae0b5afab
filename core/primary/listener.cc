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

std::vector<int> Listener::SourcesOf(const Slot& slot) const {
  std::vector<int> sources;
  if (dispatcher != nullptr) {
    sources.push_back(slot.stream(facts.listener).receiver());
  }
  if (steering != nullptr) {
    sources.push_back(steering->socket(slot));
  } else if (datagrams.has_value()) {
    sources.push_back(datagrams->socket(slot.index()));
  } else if (dispatcher == nullptr) {
    sources.push_back(socket.get());
  }
  return sources;
}

void Listener::CloseSockets() {
  if (accept_loop != nullptr) accept_loop->Close();
  if (steering != nullptr) steering->Close();
  if (datagrams.has_value()) datagrams->Close();
  socket.Reset();
}

}  // namespace cluster
