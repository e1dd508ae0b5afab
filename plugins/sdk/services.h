// Services: the function tables that a host offers, as full-size copies. What
// an older host does not have is NULL in them.
//
// Thread safety: immutable once made, apart from `messages`: loop thread.
// Lifetime: one for each instance of a plugin; it outlives the instance's
// worker.
#ifndef PLUGINS_SDK_SERVICES_H_
#define PLUGINS_SDK_SERVICES_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/owed_calls.h"
#include "plugins/sdk/plugin_options.h"

namespace cluster::sdk {

class Messages;

// The worker's exit code for an exception that ends it (docs/plugin_abi.md).
inline constexpr int kWorkerExitPluginThrew = 68;

struct Services {
  // Asks `host` for every service the SDK knows. A table whose service is not
  // offered has size 0.
  static Services Of(const cluster_host* host,
                     OnException on_exception = OnException::kEndConnection) {
    Services services;
    services.host = host;
    services.on_exception = on_exception;
    Copy(host, CLUSTER_SERVICE_LOOP_V1, services.loop);
    Copy(host, CLUSTER_SERVICE_EMBEDDING_V1, services.embedding);
    Copy(host, CLUSTER_SERVICE_CONNECTION_V1, services.connection);
    Copy(host, CLUSTER_SERVICE_CONFIG_V1, services.config);
    Copy(host, CLUSTER_SERVICE_LOG_V1, services.log);
    Copy(host, CLUSTER_SERVICE_METRIC_V1, services.metric);
    Copy(host, CLUSTER_SERVICE_HEALTH_V1, services.health);
    Copy(host, CLUSTER_SERVICE_MESSAGE_V1, services.message);
    Copy(host, CLUSTER_SERVICE_LISTENER_V1, services.listener);
    Copy(host, CLUSTER_SERVICE_DATAGRAM_V1, services.datagram);
    Copy(host, CLUSTER_SERVICE_ACCEPTOR_V1, services.acceptor);
    return services;
  }

  void Log(int32_t level, std::string_view message) const noexcept {
    if (log.write == nullptr) return;
    log.write(host, level, {message.data(), message.size()});
  }

  const cluster_host* host = nullptr;
  OnException on_exception = OnException::kEndConnection;
  cluster_loop_v1 loop = {};
  cluster_embedding_v1 embedding = {};
  cluster_connection_v1 connection = {};
  cluster_config_v1 config = {};
  cluster_log_v1 log = {};
  cluster_metric_v1 metric = {};
  cluster_health_v1 health = {};
  cluster_message_v1 message = {};
  // What message's callbacks need, made when the first is set (messages.h).
  mutable std::shared_ptr<Messages> messages;
  // What post and listen were given.
  std::shared_ptr<OwedCalls> owed = std::make_shared<OwedCalls>();
  cluster_listener_v1 listener = {};
  cluster_datagram_v1 datagram = {};
  cluster_acceptor_v1 acceptor = {};

 private:
  template <typename Table>
  static void Copy(const cluster_host* host, const char* id, Table& table) {
    const void* theirs = host->get_service(host, id);
    if (theirs == nullptr) return;
    uint32_t size = 0;
    std::memcpy(&size, theirs, sizeof(size));
    std::memcpy(&table, theirs, std::min<size_t>(size, sizeof(table)));
  }
};

// Ends the process. Not by a line for the host's log: that waits for the loop,
// which does not run again.
[[noreturn]] inline void EndWorker(std::string_view where,
                                   const char* what) noexcept {
  std::fprintf(stderr,
               "%.*s threw: %s; the worker ends\n",
               static_cast<int>(where.size()),
               where.data(),
               what);
  std::fflush(nullptr);
  std::_Exit(kWorkerExitPluginThrew);
}

// Runs `function` and turns what it throws into a line in the host's log, or
// ends the worker if the plugin wants that. Returns whether it came back
// normally.
template <typename Function>
bool CatchAll(const Services& services,
              std::string_view where,
              Function&& function) noexcept {
  const auto log = [&](const char* what) noexcept {
    if (services.on_exception == OnException::kEndWorker) {
      EndWorker(where, what);
    }
    try {
      services.Log(CLUSTER_LOG_ERROR, std::string(where) + " threw: " + what);
    } catch (...) {
      services.Log(CLUSTER_LOG_ERROR, where);
    }
  };
  try {
    function();
    return true;
  } catch (const std::exception& error) {
    log(error.what());
  } catch (...) {
    log("something that is no std::exception");
  }
  return false;
}

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_SERVICES_H_
