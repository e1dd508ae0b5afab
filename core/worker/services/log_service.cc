#include "core/worker/services/log_service.h"

#include <cstddef>
#include <string>

#include "core/worker/host_context.h"

namespace cluster {
namespace {

constexpr size_t kMaxLogBytes = 64 << 10;

void Write(const cluster_host* host, int32_t level, cluster_string message) {
  const size_t size = message.size < kMaxLogBytes ? message.size : kMaxLogBytes;
  HostContext::From(host).Log(level,
                              size == 0 ? "" : std::string(message.data, size));
}

}  // namespace

constexpr cluster_log_v1 kLogService = {
    .size = sizeof(cluster_log_v1), .flags = 0, .write = &Write};

}  // namespace cluster
