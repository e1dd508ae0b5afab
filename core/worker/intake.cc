#include "core/worker/intake.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/worker/control_channel.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// What a worker takes of a listener that closes; clients may keep coming.
constexpr int kMaxBacklog = 4'096;

// On sockets of their own workers share the load that a primary would have
// alone. Two of them on two busy cores reach 7,000 each, where gathering halves
// the CPU of a connection; at 5,000 it would only add its delay.
constexpr GatheringRates kGatheringRates = {.start = 7'000, .stop = 6'000};

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

absl::Status Intake::Listen(const ListenReply& reply,
                            std::vector<UniqueFd> fds) {
  const bool has_stream = reply.data_path != DataPath::kShare;
  const bool has_socket = reply.data_path != DataPath::kHandoff;
  if (fds.size() != (has_stream ? 1u : 0u) + (has_socket ? 1u : 0u)) {
    return absl::DataLossError("malformed reply to listen");
  }
  if (has_stream) {
    RETURN_IF_ERROR(Add(reply.listener,
                        std::make_unique<HandoffAcceptor>(
                            reply.listener, std::move(fds.front()), page_)));
  }
  if (!has_socket) return absl::OkStatus();
  const bool own = reply.data_path == DataPath::kSteer;
  const int64_t gather_ns = int64_t{context_.start().gather_us} * 1000;
  return Add(
      reply.listener,
      std::make_unique<SocketAcceptor>(reply.listener,
                                       std::move(fds.back()),
                                       own ? SocketAcceptor::Owner::kThisSlot
                                           : SocketAcceptor::Owner::kAllWorkers,
                                       page_,
                                       next_id_),
      own && gather_ns > 0
          ? std::optional(Gathering(gather_ns, kGatheringRates))
          : std::nullopt);
}

absl::Status Intake::Add(uint32_t listener,
                         std::unique_ptr<Acceptor> acceptor,
                         std::optional<Gathering> gathering) {
  auto listening =
      std::make_unique<Listening>(context_.loop(),
                                  listener,
                                  std::move(acceptor),
                                  std::move(gathering),
                                  [this](Listening& ready) { Take(ready); });
  if (taken_over(listener)) listening->HandTo(*taken_over_[listener]);
  if (held_) listening->Hold(Listening::kNotReady);
  if (paused_.test(listener)) listening->Hold(Listening::kPaused);
  RETURN_IF_ERROR(listening->Begin());
  listening_.push_back(std::move(listening));
  return absl::OkStatus();
}

void Intake::Take(Listening& listening) {
  taking_ = true;
  size_t count = 0;
  const absl::Status status =
      listening.acceptor().Take([&](IncomingConnection connection) {
        ++count;
        context_.open_connections().Opened(connection.id, MonotonicNs());
        give_(std::move(connection));
      });
  taking_ = false;
  // It was taken over by what it gave.
  if (listening.taken_over()) ShowWaiting(listening.index());
  if (status.ok()) {
    listening.Took(count, count < SocketAcceptor::kOwnAcceptsPerRound);
  }
  Settle(listening, status);
  // Only now: the call above was made by one of them.
  closed_.clear();
}

void Intake::Settle(Listening& listening, const absl::Status& status) {
  TellRoom();
  const int error = ErrnoOf(status);
  const bool is_news = listening.SetTrouble(error) || error == 0;
  if (status.ok()) return taken_(status);
  if (absl::IsResourceExhausted(status) || error != 0) {
    listening.BackOff();  // other workers take over
    if (is_news)
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
  if (listening.taken_over()) ShowWaiting(listening.index());
}

void Intake::ForEach(uint32_t listener,
                     absl::FunctionRef<void(Listening&)> act) {
  for (const auto& listening : listening_) {
    if (listening->index() == listener) act(*listening);
  }
}

void Intake::ShowWaiting(uint32_t listener) {
  bool waiting = false;
  ForEach(listener, [&](Listening& listening) {
    waiting |= listening.acceptor().waiting();
  });
  taken_over_[listener]->SetWaiting(waiting);
}

void Intake::Close(uint32_t listener) {
  paused_.reset(listener);
  ForEach(listener, [](Listening& listening) {
    listening.Stop();
    listening.acceptor().Drop();
  });
  std::erase_if(listening_, [&](std::unique_ptr<Listening>& listening) {
    if (listening->index() != listener) return false;
    if (taking_) closed_.push_back(std::move(listening));
    return true;
  });
  if (taken_over(listener)) ShowWaiting(listener);
}

bool Intake::Pause(uint32_t listener) {
  if (paused_.test(listener)) return false;
  paused_.set(listener);
  ForEach(listener, [this](Listening& listening) {
    Hold(listening, Listening::kPaused);
  });
  return true;
}

bool Intake::Resume(uint32_t listener) {
  if (!paused_.test(listener)) return false;
  paused_.reset(listener);
  ForEach(listener,
          [](Listening& listening) { listening.Release(Listening::kPaused); });
  return true;
}

absl::StatusOr<int> Intake::TakeOver(uint32_t listener) {
  if (taken_over(listener)) return absl::AlreadyExistsError("taken over");
  ASSIGN_OR_RETURN(taken_over_[listener], TakenOver::Create());
  TakenOver& taken_over = *taken_over_[listener];
  absl::Status status;
  ForEach(listener, [&](Listening& listening) {
    listening.Stop();
    listening.HandTo(taken_over);
    if (status.ok()) status = listening.Begin();
  });
  if (status.ok()) {
    ForEach(listener,
            [](Listening& listening) { listening.acceptor().Hold(); });
    return taken_over.pollable();
  }
  // It gives again, from now on or when the kernel can.
  ForEach(listener, [](Listening& listening) {
    listening.Stop();
    listening.HandBack();
    if (!listening.Begin().ok()) listening.BackOff();
  });
  taken_over_[listener].reset();
  return status;
}

void Intake::TakeUpTo(uint32_t listener, size_t limit, ConnectionTaker give) {
  size_t taken = 0;
  ForEach(listener, [&](Listening& listening) {
    if (listening.held()) return;
    absl::Status status;
    size_t before;
    do {
      before = taken;
      status = listening.acceptor().Take(
          [&](IncomingConnection connection) {
            ++taken;
            context_.open_connections().Opened(connection.id, MonotonicNs());
            give(std::move(connection));
          },
          limit - taken);
    } while (status.ok() && taken > before && taken < limit);
    if (!status.ok()) return Settle(listening, status);
    listening.SetTrouble(0);
  });
  ShowWaiting(listener);
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
