// ProbeRule: what the ABI says of one function of a service: when it may be
// called, and how it fails.
//
// Thread safety: constants and pure functions.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_PROBE_RULE_H_
#define TOOLS_PLUGIN_CHECK_PROBE_PROBE_RULE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/call_rule.h"

namespace cluster {

struct ProbeRule : CallRule {
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
