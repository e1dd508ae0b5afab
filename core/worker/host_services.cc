#include "core/worker/host_services.h"

#include <array>
#include <cstddef>
#include <iterator>

#include "core/worker/contract.h"
#include "core/worker/services/acceptor_service.h"
#include "core/worker/services/config_service.h"
#include "core/worker/services/connection_service.h"
#include "core/worker/services/health_service.h"
#include "core/worker/services/listener_service.h"
#include "core/worker/services/log_service.h"
#include "core/worker/services/loop_service.h"
#include "core/worker/services/message_service.h"
#include "core/worker/services/metric_service.h"

namespace cluster {
namespace {

struct Service {
  absl::string_view id;
  const void* table;
};

constexpr Service kServices[] = {
    {CLUSTER_SERVICE_LOOP_V1, &kLoopService},
    {CLUSTER_SERVICE_EMBEDDING_V1, &kEmbeddingService},
    {CLUSTER_SERVICE_CONNECTION_V1, &kConnectionService},
    {CLUSTER_SERVICE_CONFIG_V1, &kConfigService},
    {CLUSTER_SERVICE_LOG_V1, &kLogService},
    {CLUSTER_SERVICE_METRIC_V1, &kMetricService},
    {CLUSTER_SERVICE_HEALTH_V1, &kHealthService},
    {CLUSTER_SERVICE_THREAD_CHECK_V1, &kThreadCheckService},
    {CLUSTER_SERVICE_MESSAGE_V1, &kMessageService},
    {CLUSTER_SERVICE_LISTENER_V1, &kListenerService},
    {CLUSTER_SERVICE_DATAGRAM_V1, &kDatagramService},
    {CLUSTER_SERVICE_ACCEPTOR_V1, &kAcceptorService},
};

constexpr auto kIds = [] {
  std::array<absl::string_view, std::size(kServices)> ids;
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = kServices[i].id;
  return ids;
}();

constexpr CallRule kGetService = {
    "cluster_host", "get_service", kAnyThread, kCreatedToStopped | kDestroyed};

const void* GetService(const cluster_host* host, const char* id) {
  if (Contract::Check(host, kGetService) != CLUSTER_OK) return nullptr;
  if (id == nullptr) {
    Contract::Refuse(kGetService, "its id is NULL");
    return nullptr;
  }
  return HostServices::Find(id);
}

}  // namespace

std::span<const absl::string_view> HostServices::Ids() { return kIds; }

const void* HostServices::Find(absl::string_view id) {
  for (const Service& service : kServices) {
    if (id == service.id) return service.table;
  }
  return nullptr;
}

HostServices::HostServices(HostContext& context)
    : host_{.size = sizeof(cluster_host),
            .flags = 0,
            .abi_major = CLUSTER_ABI_MAJOR,
            .abi_minor = CLUSTER_ABI_MINOR,
            .host_data = &context,
            .get_service = &GetService} {}

}  // namespace cluster
