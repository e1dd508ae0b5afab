#include "plugins/testing/fake_acceptor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "plugins/host/struct_size.h"
#include "plugins/testing/fake_host.h"

namespace cluster {

struct FakeAcceptor::Calls {
  static cluster_status TakeOver(const cluster_host* host,
                                 uint32_t number,
                                 int32_t* pollable) {
    FakeAcceptor& self = Of(host);
    if (!self.host_.listeners().is_stream(number)) return CLUSTER_E_INVALID;
    Listener& listener = self.listeners_[number];
    if (listener.pollable) return CLUSTER_E_STATE;
    listener.pollable = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!listener.pollable) return CLUSTER_E_SYSTEM;
    *pollable = listener.pollable.get();
    ShowWhetherReadable(listener);
    return CLUSTER_OK;
  }

  static cluster_status Take(const cluster_host* host,
                             uint32_t number,
                             cluster_connection* connections,
                             uint64_t capacity,
                             uint64_t* taken) {
    FakeAcceptor& self = Of(host);
    if (capacity == 0) return CLUSTER_E_INVALID;
    *taken = 0;
    const auto found = self.listeners_.find(number);
    if (found == self.listeners_.end() || !found->second.pollable) {
      return CLUSTER_E_STATE;
    }
    Listener& listener = found->second;
    const uint32_t stride = connections->size;
    auto* out = reinterpret_cast<char*>(connections);
    while (!listener.paused && !listener.waiting.empty() && *taken < capacity) {
      Waiting next = std::move(listener.waiting.front());
      listener.waiting.pop_front();
      self.host_.Began(next.connection.id);
      // The plugin's from here.
      next.connection.fd = next.fd.Release();
      next.connection.size = stride;
      WriteKnown(next.connection, out, stride);
      out += stride;
      ++*taken;
    }
    ShowWhetherReadable(listener);
    return CLUSTER_OK;
  }

  static cluster_status Pause(const cluster_host* host, uint32_t number) {
    return Of(host).SetPaused(number, true);
  }
  static cluster_status Resume(const cluster_host* host, uint32_t number) {
    return Of(host).SetPaused(number, false);
  }
};

const cluster_acceptor_v1& FakeAcceptor::table() {
  static constexpr cluster_acceptor_v1 kTable = {sizeof(kTable),
                                                 0,
                                                 &Calls::TakeOver,
                                                 &Calls::Take,
                                                 &Calls::Pause,
                                                 &Calls::Resume};
  return kTable;
}

FakeAcceptor& FakeAcceptor::Of(const cluster_host* host) {
  return FakeHost::Of(host).acceptor_;
}

bool FakeAcceptor::Keep(const cluster_connection& connection) {
  const auto found = listeners_.find(connection.listener);
  if (found == listeners_.end()) return false;
  Listener& listener = found->second;
  if (!listener.pollable && !listener.paused) return false;
  listener.waiting.push_back({UniqueFd(connection.fd), connection});
  ShowWhetherReadable(listener);
  return true;
}

size_t FakeAcceptor::waiting() const {
  size_t count = 0;
  for (const auto& [number, listener] : listeners_) {
    if (!listener.paused) count += listener.waiting.size();
  }
  return count;
}

void FakeAcceptor::ShowWhetherReadable(Listener& listener) {
  const bool readable = !listener.paused && !listener.waiting.empty();
  if (!listener.pollable || listener.readable == readable) return;
  listener.readable = readable;
  uint64_t count = 1;
  [[maybe_unused]] const ssize_t n =
      readable ? write(listener.pollable.get(), &count, sizeof(count))
               : read(listener.pollable.get(), &count, sizeof(count));
}

cluster_status FakeAcceptor::SetPaused(uint32_t number, bool paused) {
  if (!host_.listeners().is_stream(number)) return CLUSTER_E_INVALID;
  if (host_.listeners().closed(number)) return CLUSTER_E_STATE;
  Listener& listener = listeners_[number];
  listener.paused = paused;
  ShowWhetherReadable(listener);
  if (!paused && !listener.pollable) {
    host_.Enqueue([this, number] { GiveWaiting(number); });
  }
  return CLUSTER_OK;
}

void FakeAcceptor::GiveWaiting(uint32_t number) {
  Listener& listener = listeners_[number];
  // The plugin may pause, or take over, while it is given one.
  while (!listener.paused && !listener.pollable && !listener.waiting.empty()) {
    Waiting next = std::move(listener.waiting.front());
    listener.waiting.pop_front();
    next.connection.fd = next.fd.Release();  // the plugin's
    host_.Hand(next.connection);
  }
}

}  // namespace cluster
