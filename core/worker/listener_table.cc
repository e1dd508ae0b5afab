#include "core/worker/listener_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "ipc/lost_descriptors.h"

namespace cluster {
namespace {

cluster_status StatusOf(ListenOutcome outcome) {
  switch (outcome) {
    case ListenOutcome::kDone:
      return CLUSTER_OK;
    case ListenOutcome::kConfig:
      return CLUSTER_E_CONFIG;
    case ListenOutcome::kLimit:
      return CLUSTER_E_LIMIT;
    case ListenOutcome::kState:
      return CLUSTER_E_STATE;
    case ListenOutcome::kSystem:
      break;
  }
  return CLUSTER_E_SYSTEM;
}

}  // namespace

absl::Status ListenerTable::Begin(const std::vector<ListenerFacts>& listeners,
                                  std::vector<UniqueFd> sockets) {
  size_t next = 0;
  for (const ListenerFacts& facts : listeners) {
    if (facts.listener >= kMaxListeners) {
      return absl::DataLossError("a listener with too high a number");
    }
    Know(facts, /*dynamic=*/false);
    if (facts.kind != ListenerKind::kDatagram) continue;
    if (next == sockets.size()) {
      return absl::DataLossError("a datagram listener without its socket");
    }
    sockets_[facts.listener] = std::move(sockets[next++]);
  }
  return next == sockets.size() ? absl::OkStatus()
                                : absl::DataLossError("too many sockets");
}

void ListenerTable::Know(const ListenerFacts& facts, bool dynamic) {
  count_ = std::max(count_, facts.listener + 1);
  known_[facts.listener] = {.facts = facts,
                            .text = &*texts_.insert(facts.text).first,
                            .dynamic = dynamic,
                            .served = true};
}

void ListenerTable::SetStage(Stage stage) {
  const Stage before = std::exchange(stage_, stage);
  if (stage != Stage::kStopped) return;
  const auto requests = std::exchange(requests_, {});
  if (before == Stage::kCreated) return;  // it did not start: tell nobody
  for (const auto& [number, request] : requests) {
    Answer(request, CLUSTER_E_STATE, 0, 0, "the worker ends");
  }
}

const ListenerTable::Known* ListenerTable::Find(uint32_t listener) const {
  const auto found = known_.find(listener);
  return found == known_.end() ? nullptr : &found->second;
}

int ListenerTable::Socket(uint32_t listener) const {
  if (stage_ >= Stage::kDraining) return -1;
  const auto found = sockets_.find(listener);
  return found == sockets_.end() ? -1 : found->second.get();
}

cluster_status ListenerTable::Listen(absl::string_view address,
                                     uint32_t flags,
                                     int32_t backlog,
                                     Done done,
                                     void* ctx) {
  // The plugin may not have been told yet.
  if (stage_ >= Stage::kDraining) return CLUSTER_E_STATE;
  if (requests_.size() == kMaxRequests) return CLUSTER_E_FULL;
  const uint32_t number = next_request_++;
  requests_[number] = {.done = done, .ctx = ctx};
  channel_.Send(FrameType::kListenAt,
                ListenAtRequest{.request = number,
                                .flags = flags,
                                .backlog = backlog,
                                .address = std::string(address)});
  return CLUSTER_OK;
}

cluster_status ListenerTable::Close(uint32_t listener) {
  const auto found = known_.find(listener);
  if (found == known_.end()) return CLUSTER_E_INVALID;
  if (!found->second.served) return CLUSTER_E_STATE;
  intake_.Close(listener);
  sockets_.erase(listener);
  channel_.Send(FrameType::kCloseListener,
                ListenerChange{.listener = listener});
  found->second.served = false;
  if (found->second.dynamic) known_.erase(found);
  return CLUSTER_OK;
}

cluster_status ListenerTable::Pause(uint32_t listener, bool pause) {
  const Known* known = Find(listener);
  if (known == nullptr || known->facts.kind != ListenerKind::kStream) {
    return CLUSTER_E_INVALID;
  }
  if (!known->served) return CLUSTER_E_STATE;
  const bool changed =
      pause ? intake_.Pause(listener) : intake_.Resume(listener);
  if (!changed) return CLUSTER_OK;
  channel_.Send(pause ? FrameType::kPauseListener : FrameType::kResumeListener,
                ListenerChange{.listener = listener});
  return CLUSTER_OK;
}

absl::Status ListenerTable::OnReply(ListenAtReply reply,
                                    std::vector<UniqueFd> fds) {
  const auto found = requests_.find(reply.request);
  if (found == requests_.end()) {
    return absl::DataLossError("an answer to no request");
  }
  const bool done = reply.outcome == ListenOutcome::kDone;
  if (fds.empty() == done || reply.facts.listener >= kMaxListeners) {
    return absl::DataLossError("malformed ListenAtReply");
  }
  const Request request = found->second;
  requests_.erase(found);
  const uint32_t listener = reply.facts.listener;
  if (!done) {
    Answer(request, StatusOf(reply.outcome), 0, reply.error, reply.reason);
    return absl::OkStatus();
  }
  absl::Status status =
      stage_ == Stage::kStarted
          ? Serve(reply, std::move(fds))
          : absl::FailedPreconditionError("the worker is told to end");
  if (status.ok()) {
    Answer(request, CLUSTER_OK, listener, 0, "");
    // Only now: what the plugin sends from there comes before the event, and
    // one that it has closed again is no news.
    const Known* known = Find(listener);
    if (known != nullptr && known->served) {
      channel_.Send(FrameType::kListening,
                    ListeningNotice{.listener = listener});
    }
    return absl::OkStatus();
  }
  channel_.Send(FrameType::kCloseListener,
                ListenerChange{.listener = listener});
  Answer(request,
         ErrnoOf(status) != 0 ? CLUSTER_E_SYSTEM : CLUSTER_E_STATE,
         0,
         ErrnoOf(status),
         status.message());
  return absl::OkStatus();
}

absl::Status ListenerTable::Serve(const ListenAtReply& reply,
                                  std::vector<UniqueFd> fds) {
  if (CountLost(fds) > 0) return DescriptorsLost();
  const uint32_t listener = reply.facts.listener;
  if (reply.facts.kind == ListenerKind::kDatagram) {
    sockets_[listener] = std::move(fds.front());
  } else {
    RETURN_IF_ERROR(intake_.Listen(
        {.listener = listener, .error = 0, .data_path = reply.data_path},
        std::move(fds)));
  }
  const Known* before = Find(listener);
  Know(reply.facts, /*dynamic=*/before == nullptr || before->dynamic);
  return absl::OkStatus();
}

void ListenerTable::Answer(const Request& request,
                           cluster_status status,
                           uint32_t listener,
                           int32_t code,
                           absl::string_view reason) {
  if (status == CLUSTER_OK) {
    return request.done(request.ctx, status, listener, nullptr);
  }
  cluster_error error = {};
  error.size = sizeof(error);
  error.code = code != 0 ? code : status;
  std::memcpy(error.message,
              reason.data(),
              std::min(reason.size(), sizeof(error.message) - 1));
  request.done(request.ctx, status, 0, &error);
}

}  // namespace cluster
