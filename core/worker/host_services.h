// HostServices: what a plugin sees of its host, the ABI's service tables.
//
// Each function of plugins/abi/cluster_plugin.h finds its way to the worker's
// loop, scoreboard page and configuration through here.
//
// Thread safety: as tagged in the ABI; construction and configuration on the
// loop thread before the plugin is created. Lifetime: as long as the process
// runs plugin code.
#ifndef CORE_WORKER_HOST_SERVICES_H_
#define CORE_WORKER_HOST_SERVICES_H_

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/loop.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class HostServices {
 public:
  using LogFunction = std::function<void(int level, std::string text)>;
  using DispatchFunction = std::function<cluster_status()>;

  // `log` and `dispatch` are called on the loop thread only.
  HostServices(Loop& loop, LogFunction log, DispatchFunction dispatch);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  // Gives the services what the primary sent. `page` outlives this.
  void Configure(Start start, SlotPage& page);

  // Asks that the loop wakes up for each connection that ends from now on, also
  // when another thread says so.
  void WakeOnClose() { wake_on_close_.store(true); }

  // Calls `told` on the loop thread when a connection has ended while the
  // primary waits for room, or after WakeOnClose().
  void OnClosed(std::function<void()> told) { on_closed_ = std::move(told); }

  const cluster_host* host() const { return &host_; }
  Loop& loop() { return loop_; }
  const Start& start() const { return start_; }

  void Log(int level, std::string text);
  void ConnectionClosed();
  cluster_status Dispatch() { return dispatch_(); }

  // The ids of all services, which a plugin may require.
  static std::span<const absl::string_view> Ids();
  // Returns the table of service `id`, null if there is none.
  static const void* Find(absl::string_view id);

 private:
  Loop& loop_;
  const LogFunction log_;
  const DispatchFunction dispatch_;
  const std::thread::id loop_thread_ = std::this_thread::get_id();
  std::function<void()> on_closed_;
  std::atomic<bool> wake_on_close_{false};
  Start start_;
  SlotPage* page_ = nullptr;
  cluster_host host_;
};

}  // namespace cluster

#endif  // CORE_WORKER_HOST_SERVICES_H_
