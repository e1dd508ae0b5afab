#include "core/primary/operator_desk.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/control/data_path.h"
#include "core/primary/connections/accounts.h"
#include "core/supervisor/worker_record.h"
#include "core/supervisor/worker_state_machine.h"

namespace cluster {
namespace {

// As --policy takes it; empty where there is none.
std::string PolicyOf(const ListenerGroup& group) {
  // On the others the group's own is that of what the primary takes itself.
  return group.data_path() == DataPath::kHandoff ? group.policy()
                                                 : group.kernel_policy();
}

}  // namespace

AdminReply OperatorDesk::Answer(const AdminRequest& request) {
  const absl::Status status = Do(request);
  return {.error = std::string(status.message()), .status = Status()};
}

absl::Status OperatorDesk::Do(const AdminRequest& request) {
  switch (request.action) {
    case AdminAction::kStatus:
      return absl::OkStatus();
    case AdminAction::kSetPolicy:
      return group_.SetPolicy(request.text);
    case AdminAction::kSetWeight:
    case AdminAction::kPause:
    case AdminAction::kResume:
    case AdminAction::kRestart: {
      WorkerProcess* const found = workers_.Find(request.worker);
      if (found != nullptr) return DoTo(*found, request);
      return absl::NotFoundError(absl::StrCat(
          "there is no worker ", request.worker, ": status lists them"));
    }
  }
  return absl::InvalidArgumentError(
      "the host knows no such request: is the tool newer?");
}

absl::Status OperatorDesk::DoTo(WorkerProcess& worker,
                                const AdminRequest& request) {
  switch (request.action) {
    case AdminAction::kSetWeight:
      return group_.SetWeight(worker.slot(), request.number);
    case AdminAction::kPause:
      return SetPaused(worker, true);
    case AdminAction::kResume:
      return SetPaused(worker, false);
    default:
      worker.end_wanted = true;
      return life_.Feed(worker, WorkerInput::DisconnectRequested());
  }
}

absl::Status OperatorDesk::SetPaused(WorkerProcess& worker, bool paused) {
  if (group_.data_path() == DataPath::kShare) {
    return absl::FailedPreconditionError(
        "on the data path share workers take connections by themselves: none "
        "can be paused");
  }
  worker.paused = paused;
  for (uint32_t i = 0; i < kMaxListeners; ++i) {
    if (group_.listener(i) == nullptr || !worker.listeners.listens_on(i))
      continue;
    if (paused) {
      group_.Withdraw(worker.slot(), i);
    } else if (worker.serves(i)) {
      group_.Serve(worker.slot(), i);
    }
  }
  return absl::OkStatus();
}

AdminStatus OperatorDesk::Status() {
  const Accounts accounts = group_.Snapshot();
  AdminStatus status = {.plugin = {},
                        .plugin_version = {},
                        .build_id = {},
                        .reduced = {},
                        .policy = PolicyOf(group_),
                        .data_path = DataPathName(group_.data_path()),
                        .listening = {},
                        .workers = {},
                        .accepted = accounts.ledger.accepted(),
                        .completed = accounts.ledger.completed(),
                        .lost = accounts.ledger.lost(),
                        .refused = accounts.ledger.refused(),
                        .expired = accounts.ledger.expired(),
                        .redispatched = accounts.ledger.redispatched(),
                        .live = accounts.live,
                        .pending = accounts.pending};
  for (uint32_t i = 0; i < kMaxListeners; ++i) {
    const Listener* listener = group_.listener(i);
    if (listener != nullptr) status.listening.push_back(listener->facts.text);
  }
  workers_.ForEach([&](const WorkerProcess& worker) {
    const Slot& slot = worker.slot();
    status.workers.push_back(
        {.id = worker.id(),
         .pid = worker.pid(),
         .slot = slot.index(),
         .state = std::string(WorkerStateName(worker.record.state)),
         .ready = worker.ready,
         .paused = worker.paused,
         .weight = group_.weight(slot),
         .in_flight = slot.in_flight(),
         .requests = slot.requests(),
         .finished = slot.finished()});
  });
  return status;
}

}  // namespace cluster
