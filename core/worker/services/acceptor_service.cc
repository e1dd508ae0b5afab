#include "core/worker/services/acceptor_service.h"

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "core/control/listener_messages.h"
#include "core/worker/acceptor.h"
#include "core/worker/contract.h"
#include "core/worker/host_context.h"
#include "core/worker/intake.h"
#include "core/worker/listener_table.h"
#include "plugins/host/struct_size.h"

namespace cluster {
namespace {

constexpr CallRule Rule(absl::string_view function, uint32_t states) {
  return {CLUSTER_SERVICE_ACCEPTOR_V1, function, kLoopThread, states};
}
constexpr CallRule kTakeOver = Rule("take_over", kCreatedToStarted);
constexpr CallRule kTake = Rule("take", kStartedToDraining);
constexpr CallRule kPause = Rule("pause", kCreatedToDraining);
constexpr CallRule kResume = Rule("resume", kCreatedToDraining);

// CLUSTER_OK if such a number is or was in use.
cluster_status CheckNumber(const cluster_host* host,
                           const CallRule& rule,
                           uint32_t listener) {
  return listener < HostContext::From(host).listeners().count()
             ? CLUSTER_OK
             : Contract::Refuse(rule, "its listener is not below count()");
}

bool IsStream(const cluster_host* host, uint32_t listener) {
  const ListenerTable::Known* known =
      HostContext::From(host).listeners().Find(listener);
  return known != nullptr && known->facts.kind == ListenerKind::kStream;
}

cluster_status TakeOver(const cluster_host* host,
                        uint32_t listener,
                        int32_t* pollable) {
  if (const auto no = Contract::Check(host, kTakeOver)) return no;
  if (pollable == nullptr) {
    return Contract::Refuse(kTakeOver, "pollable is NULL");
  }
  if (const auto no = CheckNumber(host, kTakeOver, listener)) return no;
  if (!IsStream(host, listener)) return CLUSTER_E_INVALID;
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
  if (const auto no = Contract::Check(host, kTake)) return no;
  if (taken == nullptr) return Contract::Refuse(kTake, "taken is NULL");
  *taken = 0;
  if (capacity == 0) return Contract::Refuse(kTake, "capacity is 0");
  if (connections == nullptr) {
    return Contract::Refuse(kTake, "connections is NULL");
  }
  // A struct of the caller's may be shorter or longer than ours; all of one
  // call are alike.
  const uint32_t stride = connections->size;
  if (!CanBeSize(stride, kFirstConnectionBytes)) {
    return Contract::Refuse(kTake, "connections->size is wrong");
  }
  if (const auto no = CheckNumber(host, kTake, listener)) return no;
  Intake& intake = HostContext::From(host).intake();
  if (!intake.taken_over(listener)) return CLUSTER_E_STATE;
  auto* out = reinterpret_cast<char*>(connections);
  intake.TakeUpTo(listener, capacity, [&](IncomingConnection incoming) {
    cluster_connection given = ToAbi(std::move(incoming));
    given.size = stride;
    WriteKnown(given, out, stride);
    out += stride;
    ++*taken;
  });
  return CLUSTER_OK;
}

cluster_status Pause(const cluster_host* host, uint32_t listener) {
  if (const auto no = Contract::Check(host, kPause)) return no;
  if (const auto no = CheckNumber(host, kPause, listener)) return no;
  return HostContext::From(host).listeners().Pause(listener, true);
}

cluster_status Resume(const cluster_host* host, uint32_t listener) {
  if (const auto no = Contract::Check(host, kResume)) return no;
  if (const auto no = CheckNumber(host, kResume, listener)) return no;
  return HostContext::From(host).listeners().Pause(listener, false);
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
