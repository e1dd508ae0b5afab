// Instance: the way from the functions of the C table to a Worker. What a
// Worker returns or throws becomes what the ABI says. Of the SDK's own: include
// plugins/sdk/worker.h instead.
#ifndef PLUGINS_SDK_INSTANCE_H_
#define PLUGINS_SDK_INSTANCE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/plugin_options.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/service_ids.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk::internal {

// Writes a failure to the host's buffer, cut to what fits, and returns its
// code.
inline cluster_status WriteError(cluster_error* error,
                                 cluster_status code,
                                 std::string_view message) noexcept {
  constexpr size_t kHead = offsetof(cluster_error, message);
  if (error == nullptr || error->size <= kHead) return code;
  const size_t room = std::min<size_t>(error->size, sizeof(*error)) - kHead;
  const size_t size = std::min(message.size(), room - 1);
  error->code = code;
  std::memcpy(error->message, message.data(), size);
  error->message[size] = '\0';
  return code;
}

// The functions in the table of plugin T; `self` is an Instance.
template <typename T>
struct Instance {
  Instance(const cluster_host* host, OnException on_exception)
      : services(Services::Of(host, on_exception)), worker(Host(services)) {}

  static Instance& From(void* self) { return *static_cast<Instance*>(self); }

  // Runs what returns a Status; what it throws is a permanent failure.
  template <typename Function>
  static cluster_status Report(cluster_error* error,
                               Function&& function) noexcept {
    try {
      const Status status = function();
      if (status.ok()) return CLUSTER_OK;
      return WriteError(error, status.code(), status.message());
    } catch (const std::exception& thrown) {
      return WriteError(error, CLUSTER_E_FAILED, thrown.what());
    } catch (...) {
      return WriteError(
          error, CLUSTER_E_FAILED, "threw what is no std::exception");
    }
  }

  template <OnException kOnException>
  static cluster_status Create(const cluster_host* host,
                               void** self,
                               cluster_error* error) noexcept {
    return Report(error, [&] {
      *self = new Instance(host, kOnException);
      return Status();
    });
  }

  static cluster_status Start(void* self, cluster_error* error) noexcept {
    return Report(error, [&] { return From(self).worker.OnStart(); });
  }

  static void OnConnection(void* self,
                           const cluster_connection* connection) noexcept {
    Instance& instance = From(self);
    cluster_connection copy = {};
    std::memcpy(
        &copy, connection, std::min<size_t>(connection->size, sizeof(copy)));
    CatchAll(instance.services, "OnConnection", [&] {
      // Its destructor closes the connection when OnConnection throws.
      instance.worker.OnConnection(Connection(instance.services, copy));
    });
  }

  static void OnDrain(void* self,
                      uint64_t deadline_ms,
                      uint64_t open) noexcept {
    Instance& instance = From(self);
    CatchAll(instance.services, "OnDrain", [&] {
      std::optional<std::chrono::milliseconds> deadline;
      if (deadline_ms != UINT64_MAX) {
        deadline = std::chrono::milliseconds(deadline_ms);
      }
      instance.worker.OnDrain({deadline, open});
    });
  }

  static void Stop(void* self) noexcept {
    Instance& instance = From(self);
    CatchAll(instance.services, "OnStop", [&] { instance.worker.OnStop(); });
    instance.services.owed->Clear();
  }

  static void Destroy(void* self) noexcept {
    delete static_cast<Instance*>(self);
  }

  static cluster_status RunLoop(void* self) noexcept
    requires HasRun<T>
  {
    Instance& instance = From(self);
    const Services& services = instance.services;
    cluster_status code = CLUSTER_E_FAILED;
    CatchAll(services, "Run", [&] {
      const Status status = instance.worker.Run();
      code = status.code();
      if (!status.ok()) services.Log(CLUSTER_LOG_ERROR, status.message());
    });
    return code;
  }

  // The worker goes first: what it holds uses the services.
  const Services services;
  T worker;
};

// The table of plugin T.
template <typename T, OnException kOnException>
consteval cluster_worker_plugin MakeTable() {
  cluster_worker_plugin table = {};
  table.size = sizeof(table);
  table.create = &Instance<T>::template Create<kOnException>;
  table.start = &Instance<T>::Start;
  table.on_connection = &Instance<T>::OnConnection;
  table.drain = &Instance<T>::OnDrain;
  table.stop = &Instance<T>::Stop;
  table.destroy = &Instance<T>::Destroy;
  if constexpr (HasRun<T>) table.run = &Instance<T>::RunLoop;
  return table;
}

}  // namespace cluster::sdk::internal

#endif  // PLUGINS_SDK_INSTANCE_H_
