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

#include <span>

#include "absl/strings/string_view.h"
#include "core/worker/host_context.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class HostServices {
 public:
  // `context` outlives it.
  explicit HostServices(HostContext& context);

  const cluster_host* host() const { return &host_; }

  // The ids of all services, which a plugin may require.
  static std::span<const absl::string_view> Ids();
  // Returns the table of service `id`, null if there is none.
  static const void* Find(absl::string_view id);

 private:
  const cluster_host host_;
};

}  // namespace cluster

#endif  // CORE_WORKER_HOST_SERVICES_H_
