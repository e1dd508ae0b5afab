// PluginInstance: the plugin in this worker, kept within the ABI's states.
//
//   loaded --Begin--> started --Drain--> draining --End--> destroyed
//
// Thread safety: the worker's loop thread.
//
//   PluginInstance plugin(loaded.table, contract);
//   const auto failure = plugin.Begin(services.host());
//   if (failure) return failure->exit_code;
//   plugin.Give(std::move(connection));
//   plugin.End();
#ifndef CORE_WORKER_PLUGIN_INSTANCE_H_
#define CORE_WORKER_PLUGIN_INSTANCE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/worker/acceptor.h"
#include "core/worker/contract.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class PluginInstance {
 public:
  struct Failure {
    int exit_code = 0;  // plugins/host/exit_code.h
    std::string reason;
  };

  // `table` has `create` and `on_connection`. `contract` is told where it is,
  // and outlives it.
  PluginInstance(const cluster_worker_plugin& table, Contract& contract)
      : table_(table), contract_(contract) {}

  // Creates it. After a failure End() does nothing.
  std::optional<Failure> Create(const cluster_host* host);

  // Starts it. After a failure End() still stops and destroys it. REQUIRES:
  // created.
  std::optional<Failure> Start();

  bool has_own_loop() const { return table_.run != nullptr; }
  // Runs the plugin's loop, until it returns. REQUIRES: has_own_loop(),
  // started.
  cluster_status Run() { return table_.run(self_); }

  // Gives it a connection, the descriptor included. REQUIRES: started.
  void Give(IncomingConnection connection);

  // Says, once, that it should finish. `open` connections are left.
  void Drain(uint64_t deadline_ms, uint64_t open);

  // Stops and destroys it, as far as it came.
  void End();

 private:
  const cluster_worker_plugin table_;
  Contract& contract_;
  void* self_ = nullptr;
  bool created_ = false;
  bool draining_ = false;
};

}  // namespace cluster

#endif  // CORE_WORKER_PLUGIN_INSTANCE_H_
