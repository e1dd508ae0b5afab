// ProbeRule: what the ABI says of one function of a service: on which thread
// and in which states it may be called, and how it fails.
//
// Thread safety: constants and pure functions.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_PROBE_RULE_H_
#define TOOLS_PLUGIN_CHECK_PROBE_PROBE_RULE_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

// The states of a plugin, as bits. A state begins when the function that leads
// to it is called; `started` begins when start has returned.
enum PluginState : uint32_t {
  kStateLoaded = 1,
  kStateCreated = 2,
  kStateStarted = 4,
  kStateDraining = 8,
  kStateStopped = 16,
  kStateDestroyed = 32,
};

inline constexpr uint32_t kStatesCreatedOrStarted =
    kStateCreated | kStateStarted;
inline constexpr uint32_t kStatesStartedOrDraining =
    kStateStarted | kStateDraining;
inline constexpr uint32_t kStatesCreatedToDraining =
    kStatesCreatedOrStarted | kStateDraining;
inline constexpr uint32_t kStatesCreatedToStopped =
    kStatesCreatedToDraining | kStateStopped;
inline constexpr uint32_t kStatesStartedToStopped =
    kStatesStartedOrDraining | kStateStopped;

struct ProbeRule {
  absl::string_view service;  // its id
  absl::string_view function;
  bool on_loop_thread;
  uint32_t states;
  // What a host returns that cannot do it. CLUSTER_OK: it always can.
  cluster_status failure = CLUSTER_OK;
};

// Returns "loop.watch" for the watch of cluster.loop/1.
inline std::string FullName(const ProbeRule& rule) {
  absl::string_view service = absl::StripPrefix(rule.service, "cluster.");
  service = service.substr(0, service.find('/'));
  return absl::StrCat(service, ".", rule.function);
}

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_PROBE_RULE_H_
