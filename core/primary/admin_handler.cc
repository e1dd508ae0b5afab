#include "core/primary/admin_handler.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/primary/connections/accounts.h"
#include "core/primary/connections/slot.h"
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

AdminReply AdminHandler::Answer(const AdminRequest& request) {
  const absl::Status status = Do(request);
  return {.error = std::string(status.message()), .status = Status()};
}

absl::Status AdminHandler::Do(const AdminRequest& request) {
  switch (request.action) {
    case AdminAction::kStatus:
      return absl::OkStatus();
    case AdminAction::kSetPolicy:
      return SetPolicy(request.text);
    case AdminAction::kSetWeight:
      return SetWeight(request.worker, request.number);
    case AdminAction::kPause:
      return SetPaused(request.worker, true);
    case AdminAction::kResume:
      return SetPaused(request.worker, false);
    case AdminAction::kRestart:
      return Restart(request.worker);
  }
  return absl::InvalidArgumentError(
      "the host knows no such request: is the tool newer?");
}

absl::StatusOr<WorkerProcess*> AdminHandler::Find(uint32_t id) const {
  WorkerProcess* const found = workers_.Find(id);
  if (found != nullptr) return found;
  return absl::NotFoundError(
      absl::StrCat("there is no worker ", id, ": status lists them"));
}

absl::Status AdminHandler::SetPolicy(const std::string& spec) {
  if (replaces_) return group_.SetPolicy(spec, group_.slots());
  std::vector<const Slot*> used;
  workers_.ForEach([&used](const WorkerProcess& worker) {
    if (!worker.record.dead()) used.push_back(&worker.slot());
  });
  return group_.SetPolicy(spec, used);
}

absl::Status AdminHandler::SetWeight(uint32_t worker, uint32_t weight) {
  ASSIGN_OR_RETURN(const WorkerProcess* const found, Find(worker));
  return group_.SetWeight(found->slot(), weight);
}

absl::Status AdminHandler::Restart(uint32_t worker) {
  ASSIGN_OR_RETURN(WorkerProcess* const found, Find(worker));
  found->end_wanted = true;
  return life_.Feed(*found, WorkerInput::DisconnectRequested());
}

absl::Status AdminHandler::SetPaused(uint32_t id, bool paused) {
  ASSIGN_OR_RETURN(WorkerProcess* const found, Find(id));
  WorkerProcess& worker = *found;
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

AdminStatus AdminHandler::Status() {
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
