#include "core/worker/services/config_service.h"

#include <string>

#include "absl/strings/string_view.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"

namespace cluster {
namespace {

constexpr CallRule Rule(absl::string_view function) {
  return {CLUSTER_SERVICE_CONFIG_V1, function, kAnyThread, kCreatedToStopped};
}
constexpr CallRule kGet = Rule("get");
constexpr CallRule kEntry = Rule("entry");
constexpr CallRule kArgument = Rule("argument");
constexpr CallRule kWorkerId = Rule("worker_id");
constexpr CallRule kWorkerCount = Rule("worker_count");
constexpr CallRule kSlot = Rule("slot");
constexpr CallRule kGeneration = Rule("generation");

cluster_string View(const std::string& text) {
  return {text.data(), text.size()};
}

cluster_string Get(const cluster_host* host, const char* key) {
  if (Contract::Check(host, kGet) != CLUSTER_OK) return {nullptr, 0};
  if (key == nullptr) {
    Contract::Refuse(kGet, "its key is NULL");
    return {nullptr, 0};
  }
  for (const auto& [name, value] : HostContext::From(host).start().config) {
    if (name == key) return View(value);
  }
  return {nullptr, 0};
}

void Entry(const cluster_host* host,
           uint64_t n,
           cluster_string* key,
           cluster_string* value) {
  const bool allowed = Contract::Check(host, kEntry) == CLUSTER_OK;
  if (key == nullptr || value == nullptr) {
    if (allowed) Contract::Refuse(kEntry, "its key or value is NULL");
    return;
  }
  *key = *value = {nullptr, 0};
  if (!allowed) return;
  const auto& config = HostContext::From(host).start().config;
  if (n >= config.size()) return;
  *key = View(config[n].first);
  *value = View(config[n].second);
}

cluster_string Argument(const cluster_host* host, uint64_t n) {
  if (Contract::Check(host, kArgument) != CLUSTER_OK) return {nullptr, 0};
  const auto& arguments = HostContext::From(host).start().arguments;
  return n < arguments.size() ? View(arguments[n]) : cluster_string{nullptr, 0};
}

uint32_t WorkerId(const cluster_host* host) {
  if (Contract::Check(host, kWorkerId) != CLUSTER_OK) return 0;
  return HostContext::From(host).start().worker_id;
}

uint32_t WorkerCount(const cluster_host* host) {
  if (Contract::Check(host, kWorkerCount) != CLUSTER_OK) return 0;
  return HostContext::From(host).start().worker_count;
}

uint32_t Slot(const cluster_host* host) {
  if (Contract::Check(host, kSlot) != CLUSTER_OK) return 0;
  return HostContext::From(host).start().slot;
}

uint32_t Generation(const cluster_host* host) {
  if (Contract::Check(host, kGeneration) != CLUSTER_OK) return 0;
  return HostContext::From(host).start().generation;
}

}  // namespace

constexpr cluster_config_v1 kConfigService = {.size = sizeof(cluster_config_v1),
                                              .flags = 0,
                                              .get = &Get,
                                              .entry = &Entry,
                                              .argument = &Argument,
                                              .worker_id = &WorkerId,
                                              .worker_count = &WorkerCount,
                                              .slot = &Slot,
                                              .generation = &Generation};

}  // namespace cluster
