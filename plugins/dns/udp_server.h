// UdpServer: answers the questions of one datagram socket, many a system call.
//
// While the socket takes no more answers it reads no more questions: those stay
// in the kernel, for the other workers too.
//
// Thread safety: loop thread only. Lifetime: `host` and `responder` must
// outlive it; it ends before the worker.
#ifndef PLUGINS_DNS_UDP_SERVER_H_
#define PLUGINS_DNS_UDP_SERVER_H_

#include <cstdint>
#include <memory>

#include "plugins/dns/responder.h"
#include "plugins/sdk/datagram.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/loop.h"
#include "plugins/sdk/result.h"

namespace cluster::dns {

class UdpServer {
 public:
  // Begins to answer. Errors: as DatagramSocket::Of and Host::StartWatch.
  static sdk::Result<std::unique_ptr<UdpServer>> Start(
      const sdk::Host& host, uint32_t listener, const Responder& responder);

  // Answers what the kernel holds by now, and then nothing more.
  void Drain();

 private:
  UdpServer(sdk::DatagramSocket socket, const Responder& responder)
      : socket_(socket), responder_(responder), batch_(kMaxQueryBytes) {}

  // More than any question needs.
  static constexpr size_t kMaxQueryBytes = 4096;

  void OnReady(uint32_t events);
  // Receives, answers and sends one batch. False: nothing was there, or the
  // socket is full.
  bool AnswerBatch();

  const sdk::DatagramSocket socket_;
  const Responder& responder_;
  sdk::DatagramBatch batch_;
  sdk::Watch watch_;
  bool sending_ = false;  // answers wait until the socket can be written
};

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_UDP_SERVER_H_
