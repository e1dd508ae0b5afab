// FakeHost: a host without a primary, for tests of plugins. One thread, one
// epoll set, real descriptors.
//
// Run() drives a plugin the way a worker does and calls `client` on a thread of
// its own; the client talks to the plugin over sockets and uses the functions
// marked any-thread. When the client returns, the plugin is stopped and
// destroyed. The host records what it was told, for the test to look at. On
// which thread and in which state it was told, plugin_check looks at.
//
//   FakeHost host;
//   host.Run(plugin.table, [&] {
//     Client client(host.Connect());
//     EXPECT_EQ(client.Ask("ping"), "ping");
//   });
//   EXPECT_EQ(host.open(), 0u);
#ifndef PLUGINS_TESTING_FAKE_HOST_H_
#define PLUGINS_TESTING_FAKE_HOST_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/testing/fake_acceptor.h"
#include "plugins/testing/fake_listeners.h"
#include "plugins/testing/fake_loop.h"
#include "plugins/testing/fake_messages.h"
#include "plugins/testing/fake_telemetry.h"

namespace cluster {

class FakeHost {
 public:
  FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost();

  // Set before Run.
  std::map<std::string, std::string> config;
  std::vector<std::string> arguments;
  uint32_t worker_id = 7;
  uint32_t worker_count = 8;
  uint32_t slot = 6;
  uint32_t generation = 1;
  std::set<std::string> hidden_services;  // ids that get_service denies

  // What the plugin tells of itself.
  FakeTelemetry telemetry;

  const cluster_host* host() const { return &host_; }
  FakeListeners& listeners() { return listeners_; }
  const FakeAcceptor& acceptor() const { return acceptor_; }

  // Drives `table` through its states; see above. Returns what create, start or
  // run returned, if that failed; `client` is not called if create or start
  // did.
  cluster_status Run(const cluster_worker_plugin& table,
                     std::function<void()> client);

  // The other workers (fake_messages.h).
  FakeMessages& messages() { return messages_; }

  // Hands the plugin one end of a socket pair, as a connection of listener 0,
  // and returns the other, blocking. One that the plugin takes itself, or has
  // paused, waits for it.
  // [any-thread, during Run]
  UniqueFd Connect();

  // Hands `fd` to the plugin as a connection from a peer of CLUSTER_FAMILY_*.
  // [any-thread, during Run]
  void Give(UniqueFd fd, uint8_t peer_family = CLUSTER_FAMILY_NONE);

  // Tells the plugin to drain and waits until it has returned. [any-thread,
  // during Run]
  void Drain(uint64_t deadline_ms = UINT64_MAX);

  // Runs `task` on the loop thread and waits for it. [any-thread, during Run]
  void OnLoop(const std::function<void()>& task) { loop_.RunTask(task); }

  // Fires every timer that runs now, whenever it is due. [any-thread, during
  // Run]
  void FireTimers();

  // What start_timer returns from now on, if not CLUSTER_OK. [any-thread]
  void set_timer_outcome(cluster_status outcome) {
    loop_.set_timer_outcome(outcome);
  }

  // Waits until `count` connections are open. Returns whether that came to be
  // within 10 s. [any-thread, during Run]
  bool WaitForOpen(size_t count);

  size_t open() const { return open_count_; }
  size_t timers() const { return loop_.timers(); }
  size_t watches() const { return loop_.watches(); }
  // Ids that were reported closed twice, or never opened, or whose close was of
  // no socket.
  size_t misreported() const { return misreported_; }
  std::string error_message() const { return error_.message; }
  std::string log();

 private:
  struct Tables;
  friend struct Tables;
  static const void* GetService(const cluster_host* host, const char* id);
  friend class FakeAcceptor;
  friend class FakeLoop;
  friend class FakeMessages;

  static FakeHost& Of(const cluster_host* host) {
    return *static_cast<FakeHost*>(host->host_data);
  }
  static FakeTelemetry& TelemetryOf(const cluster_host* host) {
    return Of(host).telemetry;
  }
  static FakeListeners& ListenersOf(const cluster_host* host) {
    return Of(host).listeners_;
  }
  void Enqueue(std::function<void()> task) { loop_.Enqueue(std::move(task)); }
  void Began(uint64_t id);
  void Ended(uint64_t id);
  // Gives the plugin a connection, and its descriptor.
  void Hand(const cluster_connection& connection);

  cluster_host host_ = {};
  cluster_error error_ = {};
  cluster_worker_plugin table_ = {};
  void* self_ = nullptr;
  FakeLoop loop_;
  std::set<uint64_t> open_;
  std::atomic<size_t> open_count_ = 0;
  std::atomic<size_t> misreported_ = 0;
  uint64_t next_id_ = 1;
  FakeListeners listeners_{
      [this](std::function<void()> task) { Enqueue(std::move(task)); }};

  FakeAcceptor acceptor_{*this};
  FakeMessages messages_{*this};

  std::mutex mu_;
  std::string log_;  // guarded by mu_
};

}  // namespace cluster

#endif  // PLUGINS_TESTING_FAKE_HOST_H_
