#include "core/primary/listener_frame_handler.h"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "ipc/archive.h"

namespace cluster {
namespace {

void Fail(ListenOutcome outcome,
          const absl::Status& why,
          ListenAtReply* reply) {
  reply->outcome = outcome;
  reply->error = ErrnoOf(why);
  reply->reason = std::string(why.message());
}

ListenOutcome OutcomeOf(const absl::Status& status) {
  if (ErrnoOf(status) != 0) return ListenOutcome::kSystem;
  return absl::IsResourceExhausted(status) ? ListenOutcome::kLimit
                                           : ListenOutcome::kConfig;
}

}  // namespace

absl::Status CheckReadsDescriptors(const WorkerProcess& worker) {
  // Far more than it asks for at a time.
  constexpr size_t kMaxUnreadFds = 64;
  if (worker.unread_fds() < kMaxUnreadFds) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "it does not read the descriptors that it is sent");
}

absl::Status ListenerFrameHandler::Handle(WorkerProcess& worker,
                                          const Frame& frame) {
  const auto type = static_cast<FrameType>(frame.type);
  if (type == FrameType::kListenAt) return OnListenAt(worker, frame);
  ASSIGN_OR_RETURN(const ListenerChange change,
                   Decode<ListenerChange>(frame.payload));
  const uint32_t listener = change.listener;
  if (group_.listener(listener) == nullptr ||
      !worker.listeners.contains(listener)) {
    return absl::DataLossError("it names a listener that it does not serve");
  }
  switch (type) {
    case FrameType::kCloseListener:
      return OnClose(worker, listener);
    case FrameType::kPauseListener:
      worker.listeners.Pause(listener);
      return absl::OkStatus();
    case FrameType::kResumeListener:
      worker.listeners.Resume(listener);
      return absl::OkStatus();
    default:
      return absl::DataLossError("no frame about a listener");
  }
}

void ListenerFrameHandler::EndTurn(WorkerProcess& worker) {
  const auto changed = worker.listeners.TakeChangedPauses();
  if (changed.none()) return;
  for (uint32_t i = 0; i < kMaxListeners; ++i) {
    if (!changed.test(i)) continue;
    if (worker.listeners.pauses(i)) {
      group_.Withdraw(worker.slot(), i);
    } else if (worker.serves(i)) {
      group_.Serve(worker.slot(), i);
    }
  }
}

absl::Status ListenerFrameHandler::OnListenAt(WorkerProcess& worker,
                                              const Frame& frame) {
  ASSIGN_OR_RETURN(const ListenAtRequest request,
                   Decode<ListenAtRequest>(frame.payload));
  RETURN_IF_ERROR(CheckReadsDescriptors(worker));
  std::vector<UniqueFd> acceptor;
  const ListenAtReply reply = Listen(worker, request, &acceptor);
  worker.Send(FrameType::kListenAtReply, reply, std::move(acceptor));
  return absl::OkStatus();
}

ListenAtReply ListenerFrameHandler::Listen(WorkerProcess& worker,
                                           const ListenAtRequest& request,
                                           std::vector<UniqueFd>* acceptor) {
  ListenAtReply reply = {.request = request.request,
                         .outcome = ListenOutcome::kDone,
                         .error = 0,
                         .reason = {},
                         .data_path = {},
                         .facts = {}};
  if (life_.host_ends() || worker.told_to_drain) {
    Fail(ListenOutcome::kState,
         absl::FailedPreconditionError("the worker is told to end"),
         &reply);
    return reply;
  }
  Slot& slot = worker.slot();
  const absl::StatusOr<uint32_t> listener = dynamic_.Open(slot, request);
  if (!listener.ok()) {
    Fail(OutcomeOf(listener.status()), listener.status(), &reply);
    return reply;
  }
  if (!worker.listeners.Add(*listener)) {
    Fail(ListenOutcome::kSystem,
         ErrnoStatus(EADDRINUSE, "listen", "this worker serves it already"),
         &reply);
    return reply;
  }
  absl::StatusOr<std::vector<UniqueFd>> copy =
      group_.AcceptorFor(slot, *listener);
  if (!copy.ok()) {
    worker.listeners.Remove(*listener);
    dynamic_.Release(slot, *listener);
    Fail(OutcomeOf(copy.status()), copy.status(), &reply);
    return reply;
  }
  reply.data_path = group_.data_path(*listener);
  reply.facts = group_.listener(*listener)->facts;
  *acceptor = *std::move(copy);
  return reply;
}

absl::Status ListenerFrameHandler::OnClose(WorkerProcess& worker,
                                           uint32_t listener) {
  worker.listeners.Remove(listener);
  group_.Withdraw(worker.slot(), listener);
  dynamic_.Release(worker.slot(), listener);
  return absl::OkStatus();
}

}  // namespace cluster
