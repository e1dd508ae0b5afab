#include "tools/plugin_check/probe/config_table.h"

#include <cstdint>

#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/probe_rule.h"

namespace cluster {
namespace {

// All of them share the tag [any-thread & created to stopped]. One that cannot
// be read looks like one that was not set.
constexpr ProbeRule Rule(absl::string_view function,
                         cluster_status failure = CLUSTER_OK) {
  return {{CLUSTER_SERVICE_CONFIG_V1, function, kAnyThread, kCreatedToStopped},
          failure};
}
constexpr ProbeRule kGet = Rule("get", CLUSTER_E_CONFIG);
constexpr ProbeRule kEntry = Rule("entry", CLUSTER_E_CONFIG);
constexpr ProbeRule kArgument = Rule("argument", CLUSTER_E_CONFIG);
constexpr ProbeRule kWorkerId = Rule("worker_id");
constexpr ProbeRule kWorkerCount = Rule("worker_count");
constexpr ProbeRule kSlot = Rule("slot");
constexpr ProbeRule kGeneration = Rule("generation");

struct Config {
  PluginSettings settings;
  std::vector<std::string> arguments;
};

Config& TheConfig() {
  static auto* const config = new Config();
  return *config;
}

cluster_string Text(const std::string& text) {
  return {text.data(), text.size()};
}

cluster_string Get(const cluster_host* host, const char* key) {
  CallGuard& guard = CallGuard::Get();
  if (guard.Check(host, kGet) != CLUSTER_OK) return {};
  if (key == nullptr) {
    guard.RefuseArgument(kGet, "key is NULL");
    return {};
  }
  for (const auto& [name, value] : TheConfig().settings) {
    if (name == key) return Text(value);
  }
  return {};
}

void Entry(const cluster_host* host,
           uint64_t n,
           cluster_string* key,
           cluster_string* value) {
  CallGuard& guard = CallGuard::Get();
  const cluster_status status = guard.Check(host, kEntry);
  if (key == nullptr || value == nullptr) {
    guard.RefuseArgument(kEntry, "key or value is NULL");
    return;
  }
  *key = *value = {};
  const PluginSettings& settings = TheConfig().settings;
  if (status != CLUSTER_OK || n >= settings.size()) return;
  *key = Text(settings[n].first);
  *value = Text(settings[n].second);
}

cluster_string Argument(const cluster_host* host, uint64_t n) {
  const auto& arguments = TheConfig().arguments;
  if (CallGuard::Get().Check(host, kArgument) != CLUSTER_OK) return {};
  return n < arguments.size() ? Text(arguments[n]) : cluster_string{};
}

template <const ProbeRule& kRule, uint32_t kValue>
uint32_t Number(const cluster_host* host) {
  CallGuard::Get().Check(host, kRule);
  return kValue;
}

}  // namespace

const cluster_config_v1 kProbeConfig = {
    .size = sizeof(kProbeConfig),
    .flags = 0,
    .get = &Get,
    .entry = &Entry,
    .argument = &Argument,
    .worker_id = &Number<kWorkerId, 1>,
    .worker_count = &Number<kWorkerCount, 1>,
    .slot = &Number<kSlot, 0>,
    .generation = &Number<kGeneration, 1>};

void SetConfig(PluginSettings settings, std::vector<std::string> arguments) {
  TheConfig() = {std::move(settings), std::move(arguments)};
}

}  // namespace cluster
