#include "plugins/dns/udp_server.h"

#include <utility>

namespace cluster::dns {
namespace {

// Batches in a row, so that TCP has its turn.
constexpr int kBatchesPerTurn = 8;
// Of a drain; clients may keep asking.
constexpr int kBatchesPerDrain = 256;

}  // namespace

sdk::Result<std::unique_ptr<UdpServer>> UdpServer::Start(
    const sdk::Host& host, uint32_t listener, const Responder& responder) {
  auto socket = sdk::DatagramSocket::Of(host, listener);
  if (!socket.ok()) return socket.status();
  std::unique_ptr<UdpServer> server(new UdpServer(*socket, responder));
  auto watch = host.StartWatch(
      socket->fd(), CLUSTER_READABLE, [raw = server.get()](uint32_t events) {
        raw->OnReady(events);
      });
  if (!watch.ok()) return watch.status();
  server->watch_ = *std::move(watch);
  return server;
}

void UdpServer::OnReady(uint32_t) {
  if (sending_) {
    if (!batch_.Send(socket_)) return;
    sending_ = false;
    if (!watch_.Modify(CLUSTER_READABLE).ok()) return;
  }
  for (int i = 0; i < kBatchesPerTurn && AnswerBatch(); ++i) {
  }
  if (sending_) static_cast<void>(watch_.Modify(CLUSTER_WRITABLE));
}

bool UdpServer::AnswerBatch() {
  if (batch_.Receive(socket_) == 0) return false;
  for (size_t i = 0; i < batch_.size(); ++i) {
    responder_.Answer(
        batch_.datagram(i), Responder::Transport::kUdp, &batch_.answer(i));
  }
  sending_ = !batch_.Send(socket_);
  return !sending_;
}

void UdpServer::Drain() {
  watch_.Stop();
  if (sending_ && !batch_.Send(socket_)) return;
  for (int i = 0; i < kBatchesPerDrain && AnswerBatch(); ++i) {
  }
}

}  // namespace cluster::dns
