// The service tables of FakeHost that need its books.

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "plugins/testing/fake_host.h"

namespace cluster {
namespace {

cluster_string Text(const std::string& text) {
  return {text.data(), text.size()};
}

}  // namespace

struct FakeHost::Tables {
  static void Close(const cluster_host* host, int32_t fd, uint64_t id) {
    // As the host: what is no socket is not the connection's.
    if (shutdown(fd, SHUT_RDWR) != 0 && (fd < 0 || errno == ENOTSOCK)) {
      ++Of(host).misreported_;
      return;
    }
    close(fd);
    Of(host).Ended(id);
  }
  static void Closed(const cluster_host* host, uint64_t id) {
    Of(host).Ended(id);
  }
  static cluster_status LocalAddress(const cluster_host*,
                                     int32_t,
                                     cluster_address* address) {
    *address = {};
    address->family = CLUSTER_FAMILY_UNIX;
    return CLUSTER_OK;
  }

  static cluster_string Get(const cluster_host* host, const char* key) {
    const auto& config = Of(host).config;
    const auto at = config.find(key);
    return at == config.end() ? cluster_string{} : Text(at->second);
  }
  static void Entry(const cluster_host* host,
                    uint64_t n,
                    cluster_string* key,
                    cluster_string* value) {
    *key = *value = {};
    for (const auto& [name, text] : Of(host).config) {
      if (n-- == 0) *key = Text(name), *value = Text(text);
    }
  }
  static cluster_string Argument(const cluster_host* host, uint64_t n) {
    const auto& arguments = Of(host).arguments;
    return n < arguments.size() ? Text(arguments[n]) : cluster_string{};
  }
  template <uint32_t FakeHost::* kField>
  static uint32_t Number(const cluster_host* host) {
    return Of(host).*kField;
  }

  static void Write(const cluster_host* host,
                    int32_t level,
                    cluster_string message) {
    FakeHost& self = Of(host);
    const std::lock_guard lock(self.mu_);
    self.log_ += std::to_string(level) + " ";
    self.log_.append(message.data, message.size);
    self.log_ += "\n";
  }

  static const void* Find(const cluster_host* host, const char* id) {
    static constexpr cluster_connection_v1 kConnection = {
        sizeof(kConnection),
        0,
        &Close,
        &Closed,
        &LocalAddress,
        &FakeTelemetry::Requests<&TelemetryOf>,
        &FakeTelemetry::Bytes<&TelemetryOf>};
    static constexpr cluster_config_v1 kConfig = {
        sizeof(kConfig),
        0,
        &Get,
        &Entry,
        &Argument,
        &Number<&FakeHost::worker_id>,
        &Number<&FakeHost::worker_count>,
        &Number<&FakeHost::slot>,
        &Number<&FakeHost::generation>};
    static constexpr cluster_log_v1 kLog = {sizeof(kLog), 0, &Write};
    static const std::map<std::string, const void*> kServices = {
        {CLUSTER_SERVICE_LOOP_V1, &FakeLoop::table()},
        {CLUSTER_SERVICE_EMBEDDING_V1, &FakeLoop::embedding_table()},
        {CLUSTER_SERVICE_CONNECTION_V1, &kConnection},
        {CLUSTER_SERVICE_CONFIG_V1, &kConfig},
        {CLUSTER_SERVICE_LOG_V1, &kLog},
        {CLUSTER_SERVICE_ACCEPTOR_V1, &FakeAcceptor::table()},
        {CLUSTER_SERVICE_MESSAGE_V1, &FakeMessages::table()}};
    if (Of(host).hidden_services.count(id) != 0) return nullptr;
    if (const void* table = FakeTelemetry::Table<&TelemetryOf>(id))
      return table;
    const auto at = kServices.find(id);
    return at == kServices.end() ? FakeListeners::Table(id) : at->second;
  }
};

const void* FakeHost::GetService(const cluster_host* host, const char* id) {
  return Tables::Find(host, id);
}

}  // namespace cluster
