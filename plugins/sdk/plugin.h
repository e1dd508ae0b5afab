// The way from the C table to a Worker: the functions that the host calls, the
// entry and the note. Include plugins/sdk/worker.h instead.
#ifndef PLUGINS_SDK_PLUGIN_H_
#define PLUGINS_SDK_PLUGIN_H_

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"
#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

inline constexpr size_t kMaxServices = 8;

struct PluginOptions {
  const char* name = "";     // at most 47 bytes
  const char* version = "";  // at most 23 bytes
  // Beyond those the SDK itself needs: loop, connection, config and log, and
  // embedding for a worker with a loop of its own.
  std::array<const char*, kMaxServices> required_services = {};
  // What it can use and can do without; a host that lacks one says so once.
  std::array<const char*, kMaxServices> optional_services = {};
  // The oldest minor of the ABI that it can do with. The SDK can do with 0.1:
  // what a host lacks does nothing.
  uint32_t abi_minor_min = CLUSTER_ABI_OLDEST_MINOR;
  // What create and start throw always fails them.
  OnException on_exception = OnException::kEndConnection;
};

// A worker with a loop of its own has a member `Status Run()`.
template <typename T>
concept HasRun = requires(T& worker) { worker.Run(); };

// The ids that plugin T requires; NULL behind the last.
template <typename T>
constexpr auto RequiredServices(const PluginOptions& options) {
  std::array<const char*, kMaxServices + 6> ids = {
      CLUSTER_SERVICE_LOOP_V1,
      CLUSTER_SERVICE_CONNECTION_V1,
      CLUSTER_SERVICE_CONFIG_V1,
      CLUSTER_SERVICE_LOG_V1};
  size_t count = 4;
  if (HasRun<T>) ids[count++] = CLUSTER_SERVICE_EMBEDDING_V1;
  for (const char* id : options.required_services) {
    if (id != nullptr) ids[count++] = id;
  }
  return ids;
}

// Those that it can do without; NULL behind the last.
constexpr auto OptionalServices(const PluginOptions& options) {
  std::array<const char*, kMaxServices + 1> ids = {};
  size_t count = 0;
  for (const char* id : options.optional_services) {
    if (id != nullptr) ids[count++] = id;
  }
  return ids;
}

// Appends to a NUL-terminated field. Not a constant expression when it does not
// fit, which makes that a compile error.
template <size_t N>
consteval void Append(char (&field)[N], std::string_view text) {
  const size_t used = std::string_view(field).size();
  if (used + text.size() >= N) throw "this text is too long for the note";
  for (size_t i = 0; i < text.size(); ++i) field[used + i] = text[i];
}

template <typename T>
consteval cluster_plugin_note MakeNote(const PluginOptions& options) {
  cluster_plugin_note note = {};
  note.owner_size = sizeof(CLUSTER_NOTE_OWNER);
  note.desc_size = sizeof(note.desc);
  note.type = CLUSTER_NOTE_TYPE;
  Append(note.owner, CLUSTER_NOTE_OWNER);
  note.desc.size = sizeof(note.desc);
  note.desc.kind = CLUSTER_PLUGIN_KIND_WORKER;
  note.desc.abi_major = CLUSTER_ABI_MAJOR;
  note.desc.abi_minor = CLUSTER_ABI_MINOR;
  note.desc.abi_minor_min = options.abi_minor_min;
  note.desc.sanitizers = CLUSTER_SANITIZERS;
  Append(note.desc.name, options.name);
  Append(note.desc.version, options.version);
  Append(note.desc.compiler, CLUSTER_COMPILER);
  for (const char* id : RequiredServices<T>(options)) {
    if (id == nullptr) break;
    if (note.desc.required_services[0] != 0) {
      Append(note.desc.required_services, " ");
    }
    Append(note.desc.required_services, id);
  }
  for (const char* id : OptionalServices(options)) {
    if (id == nullptr) break;
    if (note.desc.optional_services[0] != 0) {
      Append(note.desc.optional_services, " ");
    }
    Append(note.desc.optional_services, id);
  }
  return note;
}

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

template <typename T, OnException kOnException = OnException::kEndConnection>
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

template <typename T, OnException kOnException = OnException::kEndConnection>
inline constexpr cluster_worker_plugin kTable = MakeTable<T, kOnException>();

template <typename T, const PluginOptions& kOptions>
inline constexpr auto kRequiredServices = RequiredServices<T>(kOptions);

template <const PluginOptions& kOptions>
inline constexpr auto kOptionalServices = OptionalServices(kOptions);

template <typename T, const PluginOptions& kOptions>
consteval cluster_plugin_entry_t MakeEntry() {
  cluster_plugin_entry_t entry = {};
  entry.magic = CLUSTER_PLUGIN_MAGIC;
  entry.size = sizeof(entry);
  entry.kind = CLUSTER_PLUGIN_KIND_WORKER;
  entry.abi_major = CLUSTER_ABI_MAJOR;
  entry.abi_minor = CLUSTER_ABI_MINOR;
  entry.abi_minor_min = kOptions.abi_minor_min;
  entry.name = kOptions.name;
  entry.version = kOptions.version;
  entry.required_services = kRequiredServices<T, kOptions>.data();
  entry.optional_services = kOptionalServices<kOptions>.data();
  entry.table = &kTable<T, kOptions.on_exception>;
  return entry;
}

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_PLUGIN_H_
