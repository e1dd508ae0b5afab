#include "core/primary/frame_handler.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/supervisor/worker_state_machine.h"
#include "ipc/archive.h"

namespace cluster {
namespace {

// A worker that said why it is about to exit, and does not, is killed.
constexpr absl::Duration kFailedGrace = absl::Seconds(10);
// A worker that leaves more unread does not read. Not counted is what others
// sent it, which is no fault of its own.
constexpr size_t kMaxUnreadBytes = size_t{16} << 20;

absl::Status CheckText(const std::string& text) {
  if (text.size() <= kMaxWorkerTextBytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      "a text of ", text.size(), " bytes of at most ", kMaxWorkerTextBytes));
}

}  // namespace

absl::Status FrameHandler::Handle(WorkerProcess& worker, const Frame& frame) {
  RETURN_IF_ERROR(Obey(worker, frame));
  if (worker.unread_bytes() <= kMaxUnreadBytes + worker.message_bytes)
    return absl::OkStatus();
  return absl::ResourceExhaustedError("it does not read what it is sent");
}

absl::Status FrameHandler::Obey(WorkerProcess& worker, const Frame& frame) {
  switch (static_cast<FrameType>(frame.type)) {
    case FrameType::kOnline:
      return life_.Feed(worker, WorkerInput::OnlineFrame());
    case FrameType::kListen:
      return OnListen(worker, frame);
    case FrameType::kListening:
      return OnListening(worker, frame);
    case FrameType::kDisconnect:
      return life_.Feed(worker, WorkerInput::DisconnectNotice());
    case FrameType::kRoom:
      worker.says_room = true;
      return absl::OkStatus();
    case FrameType::kFailed:
      return OnFailed(worker, frame);
    case FrameType::kLog:
      return OnLog(worker, frame);
    case FrameType::kMetric:
    case FrameType::kReadiness:
    case FrameType::kReducedFeatures:
      return telemetry_.Handle(worker, frame);
    case FrameType::kListenAt:
    case FrameType::kCloseListener:
    case FrameType::kPauseListener:
    case FrameType::kResumeListener:
      return listener_frames_.Handle(worker, frame);
    default:
      return absl::DataLossError(
          absl::StrCat("a frame of unknown type ", frame.type));
  }
}

void FrameHandler::EndTurn(WorkerProcess& worker) {
  if (std::exchange(worker.says_room, false)) group_.OnRoom(worker.slot());
  telemetry_.EndTurn(worker);
  listener_frames_.EndTurn(worker);
}

absl::Status FrameHandler::OnListen(WorkerProcess& worker, const Frame& frame) {
  ASSIGN_OR_RETURN(const ListenRequest request,
                   Decode<ListenRequest>(frame.payload));
  if (request.listener >= group_.listener_count() ||
      group_.listener(request.listener)->datagram()) {
    return absl::DataLossError("it asks for a listener that there is not");
  }
  if (!worker.listeners.Add(request.listener)) {
    return absl::DataLossError("it asks for a listener twice");
  }
  RETURN_IF_ERROR(CheckReadsDescriptors(worker));
  absl::StatusOr<std::vector<UniqueFd>> acceptor =
      group_.AcceptorFor(worker.slot(), request.listener);
  ListenReply reply = {.listener = request.listener,
                       .data_path = group_.data_path(request.listener)};
  std::vector<UniqueFd> fds;
  if (acceptor.ok()) {
    fds = *std::move(acceptor);
  } else {
    reply.error = ErrnoOf(acceptor.status());
  }
  worker.Send(FrameType::kListenReply, reply, std::move(fds));
  return absl::OkStatus();
}

absl::Status FrameHandler::OnListening(WorkerProcess& worker,
                                       const Frame& frame) {
  ASSIGN_OR_RETURN(const ListeningNotice listening,
                   Decode<ListeningNotice>(frame.payload));
  const uint32_t listener = listening.listener;
  if (group_.listener(listener) == nullptr ||
      !worker.listeners.BeginListening(listener)) {
    return absl::DataLossError("it listens where it did not ask to");
  }
  RETURN_IF_ERROR(life_.Feed(worker, WorkerInput::ListeningFrame()));
  if (worker.serves(listener)) group_.Serve(worker.slot(), listener);
  return absl::OkStatus();
}

absl::Status FrameHandler::OnFailed(WorkerProcess& worker, const Frame& frame) {
  ASSIGN_OR_RETURN(Failed failed, Decode<Failed>(frame.payload));
  RETURN_IF_ERROR(CheckText(failed.reason));
  worker.last_words = std::move(failed.reason);
  worker.KillAfter(kFailedGrace, worker.last_words);
  return absl::OkStatus();
}

absl::Status FrameHandler::OnLog(WorkerProcess& worker, const Frame& frame) {
  ASSIGN_OR_RETURN(const LogLine line, Decode<LogLine>(frame.payload));
  RETURN_IF_ERROR(CheckText(line.text));
  observer_.OnLog(worker.id(), worker.pid(), line.level, line.text);
  return absl::OkStatus();
}

}  // namespace cluster
