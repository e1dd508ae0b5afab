#include "core/worker/services/log_service.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "core/control/messages.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"

namespace cluster {
namespace {

constexpr CallRule kWrite = {
    CLUSTER_SERVICE_LOG_V1, "write", kAnyThread, kCreatedToStopped};

void Write(const cluster_host* host, int32_t level, cluster_string message) {
  if (Contract::Check(host, kWrite) != CLUSTER_OK) return;
  if (message.data == nullptr && message.size > 0) {
    Contract::Refuse(kWrite, "its message is NULL");
    return;
  }
  // One of a later minor, say: the line counts, and is not lost.
  if (level < CLUSTER_LOG_DEBUG || level > CLUSTER_LOG_PLUGIN_MISBEHAVING) {
    level = CLUSTER_LOG_ERROR;
  }
  const size_t size = std::min(message.size, kMaxWorkerTextBytes);
  HostContext::From(host).Log(level,
                              size == 0 ? "" : std::string(message.data, size));
}

}  // namespace

constexpr cluster_log_v1 kLogService = {
    .size = sizeof(cluster_log_v1), .flags = 0, .write = &Write};

}  // namespace cluster
