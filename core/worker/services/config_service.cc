#include "core/worker/services/config_service.h"

#include <cstddef>
#include <string>

#include "core/worker/host_context.h"

namespace cluster {
namespace {

cluster_string View(const std::string& text) {
  return {text.data(), text.size()};
}

cluster_string Get(const cluster_host* host, const char* key) {
  for (const auto& [name, value] : HostContext::From(host).start().config) {
    if (name == key) return View(value);
  }
  return {nullptr, 0};
}

void Entry(const cluster_host* host,
           uint64_t n,
           cluster_string* key,
           cluster_string* value) {
  const auto& config = HostContext::From(host).start().config;
  const bool exists = n < config.size();
  *key = exists ? View(config[n].first) : cluster_string{nullptr, 0};
  *value = exists ? View(config[n].second) : cluster_string{nullptr, 0};
}

cluster_string Argument(const cluster_host* host, uint64_t n) {
  const auto& arguments = HostContext::From(host).start().arguments;
  return n < arguments.size() ? View(arguments[n]) : cluster_string{nullptr, 0};
}

uint32_t WorkerId(const cluster_host* host) {
  return HostContext::From(host).start().worker_id;
}

uint32_t WorkerCount(const cluster_host* host) {
  return HostContext::From(host).start().worker_count;
}

}  // namespace

// `size` ends before what is not served.
constexpr cluster_config_v1 kConfigService = {
    .size = offsetof(cluster_config_v1, slot),
    .flags = 0,
    .get = &Get,
    .entry = &Entry,
    .argument = &Argument,
    .worker_id = &WorkerId,
    .worker_count = &WorkerCount,
    .slot = nullptr,
    .generation = nullptr};

}  // namespace cluster
