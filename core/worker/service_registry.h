// ServiceRegistry: the tables that a host lends to plugins, by id. A draft is
// as good as absent unless drafts are allowed (plugins/host/draft_service.h).
//
// Thread safety: immutable. Lifetime: borrows the services.
//
//   constexpr Service kServices[] = {{CLUSTER_SERVICE_LOOP_V1, &kLoopService}};
//   const void* table = ServiceRegistry(kServices).Find(id, /*drafts=*/false);
#ifndef CORE_WORKER_SERVICE_REGISTRY_H_
#define CORE_WORKER_SERVICE_REGISTRY_H_

#include <span>
#include <vector>

#include "absl/strings/string_view.h"
#include "plugins/host/draft_service.h"

namespace cluster {

struct Service {
  absl::string_view id;
  const void* table;
};

class ServiceRegistry {
 public:
  constexpr explicit ServiceRegistry(std::span<const Service> services)
      : services_(services) {}

  // The ids that a plugin may require.
  std::vector<absl::string_view> Ids(bool drafts) const {
    std::vector<absl::string_view> ids;
    for (const Service& service : services_) {
      if (drafts || !IsDraftService(service.id)) ids.push_back(service.id);
    }
    return ids;
  }

  // Returns the table of service `id`, null if there is none.
  const void* Find(absl::string_view id, bool drafts) const {
    if (!drafts && IsDraftService(id)) return nullptr;
    for (const Service& service : services_) {
      if (id == service.id) return service.table;
    }
    return nullptr;
  }

 private:
  std::span<const Service> services_;
};

}  // namespace cluster

#endif  // CORE_WORKER_SERVICE_REGISTRY_H_
