#include "core/worker/host_services.h"

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

constexpr ServiceRegistry kRegistry(kServices);

constexpr CallRule kGetService = {
    "cluster_host", "get_service", kAnyThread, kCreatedToStopped | kDestroyed};

const void* GetService(const cluster_host* host, const char* id) {
  if (Contract::Check(host, kGetService) != CLUSTER_OK) return nullptr;
  if (id == nullptr) {
    Contract::Refuse(kGetService, "its id is NULL");
    return nullptr;
  }
  const HostContext& context = HostContext::From(host);
  return context.services().Find(id, context.start().allow_draft);
}

}  // namespace

const ServiceRegistry& HostServices::Registry() { return kRegistry; }

std::vector<absl::string_view> HostServices::Ids() const {
  return context_.services().Ids(context_.start().allow_draft);
}

HostServices::HostServices(HostContext& context,
                           const ServiceRegistry& registry)
    : context_(context),
      host_{.size = sizeof(cluster_host),
            .flags = 0,
            .abi_major = CLUSTER_ABI_MAJOR,
            .abi_minor = CLUSTER_ABI_MINOR,
            .host_data = &context,
            .get_service = &GetService} {
  context.SetServices(registry);
}

}  // namespace cluster
