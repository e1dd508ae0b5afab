#include "core/worker/intake.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/worker/control_channel.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// What a worker takes of a listener that closes; clients may keep coming.
constexpr int kMaxBacklog = 4'096;

}  // namespace

Intake::Intake(HostContext& context,
               SlotPage& page,
               GiveFunction give,
               TakenFunction taken)
    : context_(context),
      page_(page),
      give_(std::move(give)),
      taken_(std::move(taken)),
      started_before_(page.started.load()),
      completed_before_(page.completed.load()),
      next_id_(uint64_t{context.start().worker_id} << 40) {}

absl::Status Intake::Listen(const ListenReply& reply, UniqueFd fd) {
  auto listening =
      std::make_unique<Listening>(context_.loop(),
                                  reply.listener,
                                  MakeAcceptor(reply, std::move(fd)),
                                  [this](Listening& ready) { Take(ready); });
  if (taken_over(reply.listener)) {
    listening->HandTo(*taken_over_[reply.listener]);
  }
  if (held_) listening->Hold(Listening::kNotReady);
  if (paused_.test(reply.listener)) listening->Hold(Listening::kPaused);
  RETURN_IF_ERROR(listening->Begin());
  listening_.push_back(std::move(listening));
  return absl::OkStatus();
}

std::unique_ptr<Acceptor> Intake::MakeAcceptor(const ListenReply& reply,
                                               UniqueFd fd) {
  if (reply.data_path == DataPath::kHandoff) {
    return std::make_unique<HandoffAcceptor>(
        reply.listener, std::move(fd), page_);
  }
  return std::make_unique<SharedAcceptor>(
      reply.listener, std::move(fd), page_, next_id_);
}

void Intake::Take(Listening& listening) {
  taking_ = true;
  const absl::Status status =
      listening.acceptor().Take([this](IncomingConnection connection) {
        context_.open_connections().Opened(connection.id);
        give_(std::move(connection));
      });
  taking_ = false;
  // It was taken over by what it gave.
  if (listening.taken_over()) {
    taken_over_[listening.index()]->SetWaiting(listening.acceptor().waiting());
  }
  Settle(listening, status);
  // Only now: the call above was made by one of them.
  closed_.clear();
}

void Intake::Settle(Listening& listening, const absl::Status& status) {
  TellRoom();
  if (status.ok()) return taken_(status);
  if (absl::IsResourceExhausted(status) || ErrnoOf(status) != 0) {
    listening.Pause();  // other workers take over
    context_.Log(CLUSTER_LOG_WARNING, std::string(status.message()));
  } else if (absl::IsOutOfRange(status)) {
    listening.Stop();  // the primary is about to tell why, or is gone
  } else {
    taken_(status);
  }
}

void Intake::SetHeld(bool held) {
  held_ = held;
  for (const auto& listening : listening_) {
    if (held) {
      Hold(*listening, Listening::kNotReady);
    } else {
      listening->Release(Listening::kNotReady);
    }
  }
}

void Intake::Hold(Listening& listening, uint32_t reason) {
  listening.Hold(reason);
  listening.acceptor().Drop();
  if (listening.taken_over()) {
    taken_over_[listening.index()]->SetWaiting(false);
  }
}

Listening* Intake::Find(uint32_t listener) const {
  for (const auto& listening : listening_) {
    if (listening->index() == listener) return listening.get();
  }
  return nullptr;
}

void Intake::Close(uint32_t listener) {
  paused_.reset(listener);
  const auto found =
      std::find_if(listening_.begin(), listening_.end(), [&](const auto& each) {
        return each->index() == listener;
      });
  if (found == listening_.end()) return;
  (*found)->Stop();
  (*found)->acceptor().Drop();
  if (taken_over(listener)) taken_over_[listener]->SetWaiting(false);
  if (taking_) closed_.push_back(std::move(*found));
  listening_.erase(found);
}

bool Intake::Pause(uint32_t listener) {
  if (paused_.test(listener)) return false;
  paused_.set(listener);
  if (Listening* listening = Find(listener)) {
    Hold(*listening, Listening::kPaused);
  }
  return true;
}

bool Intake::Resume(uint32_t listener) {
  if (!paused_.test(listener)) return false;
  paused_.reset(listener);
  if (Listening* listening = Find(listener)) {
    listening->Release(Listening::kPaused);
  }
  return true;
}

absl::StatusOr<int> Intake::TakeOver(uint32_t listener) {
  if (taken_over(listener)) return absl::AlreadyExistsError("taken over");
  ASSIGN_OR_RETURN(taken_over_[listener], TakenOver::Create());
  TakenOver& taken_over = *taken_over_[listener];
  if (Listening* listening = Find(listener)) {
    listening->Stop();
    listening->acceptor().Hold();
    listening->HandTo(taken_over);
    RETURN_IF_ERROR(listening->Begin());
  }
  return taken_over.pollable();
}

void Intake::TakeInto(uint32_t listener, size_t limit, ConnectionTaker give) {
  Listening* listening = Find(listener);
  if (listening == nullptr || listening->held()) return;
  absl::Status status;
  size_t taken = 0;
  size_t before;
  do {
    before = taken;
    status = listening->acceptor().Take(
        [&](IncomingConnection connection) {
          ++taken;
          context_.open_connections().Opened(connection.id);
          give(std::move(connection));
        },
        limit - taken);
  } while (status.ok() && taken > before && taken < limit);
  taken_over_[listener]->SetWaiting(listening->acceptor().waiting());
  if (!status.ok()) return Settle(*listening, status);
  TellRoom();
}

void Intake::TakeBacklog(absl::FunctionRef<bool()> go_on) {
  const std::atomic<uint64_t>& accepted = page_.accepted;
  for (const auto& listening : listening_) {
    if (listening->taken_over() || listening->held()) continue;
    for (int i = 0; i < kMaxBacklog; ++i) {
      const uint64_t before = accepted.load();
      Take(*listening);
      if (accepted.load() == before || !go_on()) break;
    }
  }
}

bool Intake::StopDecided(const std::vector<uint64_t>& sent) {
  std::erase_if(listening_, [&sent](const auto& listening) {
    const size_t index = listening->index();
    return listening->acceptor().DecidedUpTo(index < sent.size() ? sent[index]
                                                                 : 0);
  });
  return listening_.empty();
}

void Intake::TellRoom() {
  if (page_.wanted.load() == 0) return;
  if (page_.wanted.exchange(0) != 0) {
    context_.channel().SendEmpty(FrameType::kRoom);
  }
}

uint64_t Intake::open_connections() const {
  const uint64_t started = page_.started.load() - started_before_;
  const uint64_t completed = page_.completed.load() - completed_before_;
  return started > completed ? started - completed : 0;
}

}  // namespace cluster
