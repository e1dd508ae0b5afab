// HostContext: what the plugin ABI's services reach the worker through: its
// loop, control channel, scoreboard page and configuration.
//
// Thread safety: as tagged at each function; construction and configuration on
// the loop thread before the plugin is created. Lifetime: as long as the
// process runs plugin code.
//
//   cluster_status Post(const cluster_host* host, ...) {
//     return HostContext::From(host).loop().Post(...) ? CLUSTER_OK : ...;
//   }
#ifndef CORE_WORKER_HOST_CONTEXT_H_
#define CORE_WORKER_HOST_CONTEXT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/contract.h"
#include "core/worker/loop.h"
#include "core/worker/messages/messenger.h"
#include "core/worker/metric_registry.h"
#include "core/worker/open_connections.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class ControlChannel;
class Intake;
class ListenerTable;
class ServiceRegistry;

class HostContext {
 public:
  using DispatchFunction = std::function<cluster_status()>;

  // Returns the one behind `host` (core/worker/host_services.h). Any thread.
  static HostContext& From(const cluster_host* host) {
    return *static_cast<HostContext*>(host->host_data);
  }

  // `loop` and `channel` must outlive it. `dispatch` is called on the loop
  // thread only.
  HostContext(Loop& loop, ControlChannel& channel, DispatchFunction dispatch);
  HostContext(const HostContext&) = delete;
  HostContext& operator=(const HostContext&) = delete;

  // Gives the services what the primary sent. `page` outlives this.
  void Configure(Start start, SlotPage& page);

  // Asks that the loop wakes up for each connection that ends from now on, also
  // when another thread says so.
  void WakeOnClose() { wake_on_close_.store(true); }

  // Calls `told` on the loop thread when a connection has ended while the
  // primary waits for room, or after WakeOnClose().
  void OnClosed(std::function<void()> told) { on_closed_ = std::move(told); }

  // Gives the services what they reach connections and listeners through. Both
  // outlive this.
  void Connect(Intake& intake, ListenerTable& listeners) {
    intake_ = &intake;
    listeners_ = &listeners;
  }
  // What get_service looks into, which outlives this. Before the plugin is
  // created.
  void SetServices(const ServiceRegistry& services) { services_ = &services; }
  const ServiceRegistry& services() const { return *services_; }
  // REQUIRES: Connect(). The loop thread.
  Intake& intake() { return *intake_; }
  ListenerTable& listeners() { return *listeners_; }

  Loop& loop() { return loop_; }
  // What a service has to say to the primary. The loop thread.
  ControlChannel& channel() { return channel_; }
  const Start& start() const { return start_; }
  // The loop thread.
  Messenger& messenger() { return messenger_; }

  // The rules that the plugin is held to, and where it is in its life.
  Contract& contract() { return contract_; }
  // What the plugin has. Any thread.
  OpenConnections& open_connections() { return open_connections_; }
  // The loop thread. REQUIRES: Configure().
  MetricRegistry& metrics() { return *metrics_; }
  // The words that this worker shares with the primary. REQUIRES: Configure().
  SlotPage& page() { return *page_; }

  // Calls `changed` on the loop thread when the plugin wants connections, or no
  // more.
  void OnReadiness(std::function<void(bool ready)> changed) {
    on_readiness_ = std::move(changed);
  }
  // The plugin wants connections, or none because of `reason`. The loop thread.
  void SetReady(bool ready, std::string reason);

  // Calls `asked` on the loop thread when the plugin wants the worker to end.
  void OnEndAsked(std::function<void(bool at_once)> asked) {
    on_end_asked_ = std::move(asked);
  }
  void AskToEnd(bool at_once) { on_end_asked_(at_once); }

  // Sends a line to the host's log. Any thread. A line of another thread than
  // the loop's is dropped when kMaxLines wait for the loop; how many were is
  // logged behind those.
  void Log(int level, std::string text);
  // Sends what other threads have logged so far. The loop thread.
  void SendPostedLines();
  // Counts a connection as ended. Any thread.
  void ConnectionClosed();
  // Runs one round of the loop from within the plugin's own. CLUSTER_E_STATE:
  // it was not called from there. The loop thread.
  cluster_status Dispatch() { return dispatch_(); }

 private:
  struct Line {
    int level;
    std::string text;
  };
  static constexpr size_t kMaxLines = 4096;

  void SendLine(Line line);

  Loop& loop_;
  ControlChannel& channel_;
  const DispatchFunction dispatch_;
  Contract contract_;
  OpenConnections open_connections_;
  std::optional<MetricRegistry> metrics_;
  std::function<void()> on_closed_;
  std::function<void(bool ready)> on_readiness_ = [](bool) {};
  std::function<void(bool at_once)> on_end_asked_ = [](bool) {};
  bool ready_ = true;
  std::atomic<bool> wake_on_close_{false};
  Start start_;
  SlotPage* page_ = nullptr;
  Messenger messenger_;
  const ServiceRegistry* services_ = nullptr;
  Intake* intake_ = nullptr;
  ListenerTable* listeners_ = nullptr;

  std::mutex lines_mutex_;
  std::vector<Line> lines_;     // of other threads; guarded by lines_mutex_
  uint64_t lines_dropped_ = 0;  // since they were last sent; likewise
  bool lines_posted_ = false;   // the loop is due to send them; likewise
};

}  // namespace cluster

#endif  // CORE_WORKER_HOST_CONTEXT_H_
