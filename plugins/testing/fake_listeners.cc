#include "plugins/testing/fake_listeners.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "plugins/host/struct_size.h"

namespace cluster {

FakeListeners& (*FakeListeners::of)(const cluster_host* host) = nullptr;

struct FakeListeners::Tables {
  static uint32_t Count(const cluster_host* host) { return of(host).count(); }

  static cluster_status Info(const cluster_host* host,
                             uint32_t number,
                             cluster_listener_info* info) {
    FakeListeners& self = of(host);
    if (number >= self.count()) return CLUSTER_E_INVALID;
    const Listener& listener = self.listeners_[number];
    cluster_listener_info known = {};
    known.size = info->size;
    known.listener = number;
    known.kind =
        listener.datagram ? CLUSTER_LISTENER_DATAGRAM : CLUSTER_LISTENER_STREAM;
    known.address.family = CLUSTER_FAMILY_IPV4;
    known.address.port = listener.port;
    known.text = {listener.text->data(), listener.text->size()};
    WriteKnown(known, info, known.size);
    return CLUSTER_OK;
  }

  static cluster_status Listen(
      const cluster_host* host,
      cluster_string address,
      const cluster_listen_options*,
      void (*done)(void*, cluster_status, uint32_t, const cluster_error*),
      void* ctx) {
    FakeListeners& self = of(host);
    const std::string text(address.data, address.size);
    self.post_([&self, text, done, ctx] {
      const bool datagram = text.starts_with("udp:");
      const size_t colon = text.rfind(':');
      int error = 0;
      const uint32_t number =
          self.Add(datagram,
                   static_cast<uint16_t>(atoi(text.c_str() + colon + 1)),
                   &error);
      if (error == 0) {
        self.listeners_[number].asked = true;
        return done(ctx, CLUSTER_OK, number, nullptr);
      }
      cluster_error reason = {};
      reason.size = sizeof(reason);
      reason.code = error;
      std::snprintf(reason.message,
                    sizeof(reason.message),
                    "bind: %s: %s",
                    text.c_str(),
                    strerror(error));
      done(ctx, CLUSTER_E_SYSTEM, 0, &reason);
    });
    return CLUSTER_OK;
  }

  static cluster_status Close(const cluster_host* host, uint32_t number) {
    FakeListeners& self = of(host);
    if (number >= self.count()) return CLUSTER_E_INVALID;
    if (self.closed(number)) return CLUSTER_E_STATE;
    self.listeners_[number].fd.Reset();
    return CLUSTER_OK;
  }

  static cluster_status Socket(const cluster_host* host,
                               uint32_t number,
                               int32_t* fd) {
    FakeListeners& self = of(host);
    if (number >= self.count() || !self.listeners_[number].datagram) {
      return CLUSTER_E_INVALID;
    }
    if (self.closed(number)) return CLUSTER_E_STATE;
    *fd = self.listeners_[number].fd.get();
    return CLUSTER_OK;
  }
};

const void* FakeListeners::Table(const char* id) {
  static constexpr cluster_listener_v1 kListener = {sizeof(kListener),
                                                    0,
                                                    &Tables::Count,
                                                    &Tables::Info,
                                                    &Tables::Listen,
                                                    &Tables::Close};
  static constexpr cluster_datagram_v1 kDatagram = {
      sizeof(kDatagram), 0, &Tables::Socket};
  if (std::strcmp(id, CLUSTER_SERVICE_LISTENER_V1) == 0) return &kListener;
  if (std::strcmp(id, CLUSTER_SERVICE_DATAGRAM_V1) == 0) return &kDatagram;
  return nullptr;
}

void FakeListeners::Clear() {
  for (Listener& each : listeners_) {
    if (each.asked) each.fd.Reset();
  }
}

uint16_t FakeListeners::AddDatagram() {
  int error = 0;
  return listeners_[Add(/*datagram=*/true, 0, &error)].port;
}

uint16_t FakeListeners::AddStream() {
  int error = 0;
  return listeners_[Add(/*datagram=*/false, 0, &error)].port;
}

uint32_t FakeListeners::Add(bool datagram, uint16_t port, int* error) {
  const int type = datagram ? SOCK_DGRAM : SOCK_STREAM;
  UniqueFd fd(socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), generic, length) != 0 ||
      (!datagram && listen(fd.get(), 16) != 0) ||
      getsockname(fd.get(), generic, &length) != 0) {
    *error = errno;
    return 0;
  }
  const uint16_t bound = ntohs(address.sin_port);
  texts_.push_back((datagram ? "udp:127.0.0.1:" : "127.0.0.1:") +
                   std::to_string(bound));
  listeners_.push_back({.fd = std::move(fd),
                        .datagram = datagram,
                        .port = bound,
                        .text = &texts_.back()});
  return count() - 1;
}

}  // namespace cluster
