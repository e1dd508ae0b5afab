// HostServices: what a plugin sees of its host, the ABI's service tables by id.
//
// A new service is a pair of files in core/worker/services and one line in the
// registry of host_services.cc.
//
// Thread safety: immutable. Lifetime: as long as the process runs plugin code.
//
//   HostServices services(context);
//   plugin.Begin(services.host());
#ifndef CORE_WORKER_HOST_SERVICES_H_
#define CORE_WORKER_HOST_SERVICES_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "core/worker/host_context.h"
#include "core/worker/service_registry.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class HostServices {
 public:
  // All that this build has.
  static const ServiceRegistry& Registry();

  // `context` outlives it, and so does `registry`.
  explicit HostServices(HostContext& context,
                        const ServiceRegistry& registry = Registry());

  const cluster_host* host() const { return &host_; }

  // The ids that the plugin may require here.
  std::vector<absl::string_view> Ids() const;

 private:
  HostContext& context_;
  const cluster_host host_;
};

}  // namespace cluster

#endif  // CORE_WORKER_HOST_SERVICES_H_
