#include "core/worker/services/acceptor_service.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/errno_status.h"
#include "core/control/listener_messages.h"
#include "core/worker/acceptor.h"
#include "core/worker/host_context.h"
#include "core/worker/intake.h"
#include "core/worker/listener_table.h"

namespace cluster {
namespace {

using Stage = ListenerTable::Stage;

cluster_status Check(const cluster_host* host, Stage first, Stage last) {
  HostContext& context = HostContext::From(host);
  if (!context.on_loop_thread()) return CLUSTER_E_THREAD;
  const Stage stage = context.listeners().stage();
  return first <= stage && stage <= last ? CLUSTER_OK : CLUSTER_E_STATE;
}

bool IsStream(const cluster_host* host, uint32_t listener) {
  const ListenerTable::Known* known =
      HostContext::From(host).listeners().Find(listener);
  return known != nullptr && known->facts.kind == ListenerKind::kStream;
}

cluster_status TakeOver(const cluster_host* host,
                        uint32_t listener,
                        int32_t* pollable) {
  if (const cluster_status status =
          Check(host, Stage::kCreated, Stage::kStarted)) {
    return status;
  }
  if (!IsStream(host, listener) || pollable == nullptr) {
    return CLUSTER_E_INVALID;
  }
  const absl::StatusOr<int> fd =
      HostContext::From(host).intake().TakeOver(listener);
  if (fd.ok()) {
    *pollable = *fd;
    return CLUSTER_OK;
  }
  if (absl::IsAlreadyExists(fd.status())) return CLUSTER_E_STATE;
  errno = ErrnoOf(fd.status());
  return CLUSTER_E_SYSTEM;
}

cluster_status Take(const cluster_host* host,
                    uint32_t listener,
                    cluster_connection* connections,
                    uint64_t capacity,
                    uint64_t* taken) {
  if (const cluster_status status =
          Check(host, Stage::kStarted, Stage::kDraining)) {
    return status;
  }
  if (taken == nullptr || (connections == nullptr && capacity > 0)) {
    return CLUSTER_E_INVALID;
  }
  Intake& intake = HostContext::From(host).intake();
  *taken = 0;
  if (!intake.taken_over(listener)) return CLUSTER_E_STATE;
  // A struct of the caller's may be shorter or longer than ours; all of one
  // call are alike.
  const size_t stride = capacity > 0 ? connections->size : 0;
  if (capacity > 0 && stride < offsetof(cluster_connection, id)) {
    return CLUSTER_E_INVALID;
  }
  auto* out = reinterpret_cast<char*>(connections);
  intake.TakeInto(listener, capacity, [&](IncomingConnection incoming) {
    cluster_connection given = ToAbi(std::move(incoming));
    given.size = static_cast<uint32_t>(stride);
    std::memcpy(out, &given, std::min(stride, sizeof(given)));
    out += stride;
    ++*taken;
  });
  return CLUSTER_OK;
}

cluster_status SetPause(const cluster_host* host,
                        uint32_t listener,
                        bool pause) {
  if (const cluster_status status =
          Check(host, Stage::kCreated, Stage::kDraining)) {
    return status;
  }
  return HostContext::From(host).listeners().Pause(listener, pause);
}

cluster_status Pause(const cluster_host* host, uint32_t listener) {
  return SetPause(host, listener, true);
}

cluster_status Resume(const cluster_host* host, uint32_t listener) {
  return SetPause(host, listener, false);
}

}  // namespace

constexpr cluster_acceptor_v1 kAcceptorService = {
    .size = sizeof(cluster_acceptor_v1),
    .flags = 0,
    .take_over = &TakeOver,
    .take = &Take,
    .pause = &Pause,
    .resume = &Resume};

}  // namespace cluster
