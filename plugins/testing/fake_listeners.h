// FakeListeners: the listeners of a FakeHost, for tests of plugins that ask for
// them or read datagrams. Sockets are real, on the loopback.
//
// A listener that a plugin asks for is bound and answered from the loop; its
// connections are not accepted (FakeHost::Give() gives some of listener 0).
//
// Thread safety: the host's loop thread, but for Add(), which comes before
// FakeHost::Run().
//
//   FakeListeners& listeners = host.listeners();
//   const uint16_t port = listeners.AddDatagram();
#ifndef PLUGINS_TESTING_FAKE_LISTENERS_H_
#define PLUGINS_TESTING_FAKE_LISTENERS_H_

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class FakeListeners {
 public:
  // `of` finds the listeners of a host, `post` runs a function on its loop.
  // Both are set once, by FakeHost.
  static FakeListeners& (*of)(const cluster_host* host);

  explicit FakeListeners(std::function<void(std::function<void()>)> post)
      : post_(std::move(post)) {}

  // Adds a datagram listener at 127.0.0.1. Returns its port; its number is the
  // count before.
  uint16_t AddDatagram();
  // Adds a stream listener, which nobody accepts from. Returns its port.
  uint16_t AddStream();

  uint32_t count() const { return static_cast<uint32_t>(listeners_.size()); }
  bool is_stream(uint32_t listener) const {
    return listener < count() && !listeners_[listener].datagram;
  }
  // True once the plugin has closed it.
  bool closed(uint32_t listener) const { return !listeners_[listener].fd; }

  // The worker has ended: what it asked for is closed.
  void Clear();

  // The table of service `id`; null if it is none of these.
  static const void* Table(const char* id);

 private:
  struct Listener {
    UniqueFd fd;
    bool datagram = false;
    bool asked = false;  // by the plugin
    uint16_t port = 0;
    const std::string* text = nullptr;
  };
  struct Tables;
  friend struct Tables;

  uint32_t Add(bool datagram, uint16_t port, int* error);

  const std::function<void(std::function<void()>)> post_;
  std::vector<Listener> listeners_;
  std::list<std::string> texts_;
};

}  // namespace cluster

#endif  // PLUGINS_TESTING_FAKE_LISTENERS_H_
