#include "core/primary/listeners/listener.h"

#include <utility>

#include "core/base/status_macros.h"
#include "core/control/socket_address.h"
#include "ipc/listener.h"

namespace cluster {

Listener::Listener(uint32_t listener, UniqueFd bound_socket, ListenAddress at)
    : bound(std::move(at)), socket(std::move(bound_socket)) {
  const bool datagram = bound.kind == ListenAddress::Kind::kUdp;
  facts = {.listener = listener,
           .kind = datagram ? ListenerKind::kDatagram : ListenerKind::kStream,
           .address = ToSocketAddress(bound.storage, bound.length),
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

absl::Status Listener::AddSlot(Slot& slot) {
  if (dispatcher != nullptr) RETURN_IF_ERROR(slot.AddStream(facts.listener));
  if (shut) return absl::OkStatus();
  if (steering != nullptr) RETURN_IF_ERROR(steering->AddSlot(slot));
  if (datagrams.has_value() && datagrams->size() <= slot.index()) {
    RETURN_IF_ERROR(datagrams->Join());
  }
  return absl::OkStatus();
}

void Listener::DropSlot(const Slot& slot) {
  if (steering != nullptr) steering->DropSlot(slot);
  // The first socket is there without a slot.
  if (datagrams.has_value() && slot.index() > 0 &&
      datagrams->size() > slot.index()) {
    datagrams->Leave();
  }
}

void Listener::CloseSockets() {
  // While the socket holds its inode, which a successor's file may get next.
  RemoveSocketFile(bound);
  bound.file_device = bound.file_inode = 0;
  if (accept_loop != nullptr) accept_loop->Close();
  if (steering != nullptr) steering->Close();
  if (datagrams.has_value()) datagrams->Close();
  socket.Reset();
}

}  // namespace cluster
