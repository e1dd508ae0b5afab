#include "core/primary/listener_group.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "ipc/listener.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

using std::chrono::milliseconds;

// How soon after a hand-off the primary looks whether it was started, if no
// connection wakes it before.
constexpr std::chrono::nanoseconds kTick = milliseconds(5);
// Where nothing moves (all workers stand still) it looks ever more rarely.
constexpr std::chrono::nanoseconds kMaxTick = milliseconds(80);

}  // namespace

absl::StatusOr<std::unique_ptr<ListenerGroup>> ListenerGroup::Create(
    boost::asio::io_context& io,
    std::vector<UniqueFd> sockets,
    const ListenerGroupOptions& options) {
  std::unique_ptr<ListenerGroup> group(
      new ListenerGroup(io, sockets.size(), options));
  for (uint32_t i = 0; i < sockets.size(); ++i) {
    RETURN_IF_ERROR(group->Add(i, std::move(sockets[i])));
  }
  for (uint32_t i = sockets.size(); i < kMaxListeners; ++i) {
    group->free_numbers_.push_back(i);
  }
  return group;
}

absl::Status ListenerGroup::Add(uint32_t listener, UniqueFd socket) {
  ASSIGN_OR_RETURN(auto made, Listener::Create(listener, std::move(socket)));
  if (options_.data_path == DataPath::kHandoff && !made->datagram()) {
    ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
                     MakePolicy(options_.policy, options_.seed + listener));
    made->dispatcher = std::make_unique<Dispatcher>(
        listener, std::move(policy), options_.dispatch, ledger_);
    dispatching_.push_back(made.get());
  }
  listeners_[listener] = std::move(made);
  return absl::OkStatus();
}

void ListenerGroup::Start(std::function<void(const absl::Status&)> on_trouble) {
  if (closed_) return;
  started_ = true;
  on_trouble_ = std::move(on_trouble);
  for (Listener* listener : dispatching_) StartAccepting(*listener);
}

void ListenerGroup::StartAccepting(Listener& listener) {
  listener.accept_loop =
      std::make_unique<AcceptLoop>(io_,
                                   std::move(listener.socket),
                                   *listener.dispatcher,
                                   ledger_,
                                   next_connection_id_,
                                   options_.gather_ns,
                                   [this] { ScheduleTick(); });
  listener.accept_loop->OnTrouble(on_trouble_);
  listener.accept_loop->Start();
}

absl::StatusOr<uint32_t> ListenerGroup::Open(UniqueFd socket) {
  if (closed_) return ErrnoStatus(ESHUTDOWN, "listen", "the host ends");
  if (free_numbers_.empty()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxListeners, " listeners are the most"));
  }
  const uint32_t number = free_numbers_.front();
  RETURN_IF_ERROR(Add(number, std::move(socket)));
  free_numbers_.pop_front();
  Listener& added = *listeners_[number];
  if (started_ && added.dispatcher != nullptr) StartAccepting(added);
  return number;
}

void ListenerGroup::CloseListener(uint32_t listener) {
  Listener* const closing = listeners_[listener].get();
  if (closing->accept_loop != nullptr) closing->accept_loop->Close();
  if (closing->dispatcher != nullptr) closing->dispatcher->RefuseAll();
  std::erase(dispatching_, closing);
  for (const auto& slot : slots_) slot->DropStream(listener);
  RemoveSocketFile(closing->bound);
  listeners_[listener].reset();
  free_numbers_.push_back(listener);
}

absl::StatusOr<Slot*> ListenerGroup::AddSlot() {
  ASSIGN_OR_RETURN(std::unique_ptr<Slot> slot,
                   Slot::Create(static_cast<uint32_t>(slots_.size()),
                                /*listeners=*/0,
                                options_.data_path == DataPath::kHandoff));
  for (const Listener* listener : dispatching_) {
    RETURN_IF_ERROR(slot->AddStream(listener->facts.listener));
  }
  slots_.push_back(std::move(slot));
  return slots_.back().get();
}

absl::StatusOr<UniqueFd> ListenerGroup::AcceptorFor(Slot& slot,
                                                    uint32_t listener) {
  const Listener* found = this->listener(listener);
  if (found == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no listener ", listener));
  }
  int source = found->socket.get();
  if (found->dispatcher != nullptr) {
    RETURN_IF_ERROR(slot.AddStream(listener));
    source = slot.stream(listener).receiver();
  } else if (closed_) {
    return ErrnoStatus(ESHUTDOWN, "listen", "share");
  }
  UniqueFd copy(fcntl(source, F_DUPFD_CLOEXEC, 0));
  if (!copy) return ErrnoStatus("fcntl", "acceptor");
  return copy;
}

void ListenerGroup::Serve(Slot& slot, uint32_t listener) {
  const Listener* found = this->listener(listener);
  if (found == nullptr || found->dispatcher == nullptr) return;
  found->dispatcher->Add(slot);
  Tick();
}

void ListenerGroup::Withdraw(Slot& slot, uint32_t listener) {
  const Listener* found = this->listener(listener);
  if (found == nullptr || found->dispatcher == nullptr) return;
  if (!slot.has_stream(listener)) return;
  found->dispatcher->Remove(slot);
  found->dispatcher->TakeBack(slot, MonotonicNs());
  // A probe that asked it for a sign of life may have been taken back, too.
  slot.ShowsLife();
  Tick();
}

void ListenerGroup::StopServing(Slot& slot) {
  for (const Listener* each : dispatching_) each->dispatcher->Remove(slot);
}

void ListenerGroup::TakeBack(Slot& slot) {
  for (const Listener* each : dispatching_) {
    if (!slot.has_stream(each->facts.listener)) continue;
    each->dispatcher->Remove(slot);
    each->dispatcher->TakeBack(slot, MonotonicNs());
  }
  Tick();
}

void ListenerGroup::CloseBooks(Slot& slot) { ledger_.Lost(slot.CloseBooks()); }

void ListenerGroup::OnRoom(Slot& slot) {
  if (!slot.TakeAnswer()) return;
  slot.ShowsLife();
  Tick();
}

void ListenerGroup::Close() {
  closed_ = true;
  for (const auto& each : listeners_) {
    if (each == nullptr) continue;
    if (each->accept_loop != nullptr) each->accept_loop->Close();
    each->socket.Reset();
  }
  Tick();
}

size_t ListenerGroup::pending() const {
  size_t total = 0;
  for (const Listener* each : dispatching_) {
    total += each->dispatcher->pending();
  }
  return total;
}

void ListenerGroup::RefusePending() {
  for (const Listener* each : dispatching_) each->dispatcher->RefuseAll();
}

void ListenerGroup::Tick() {
  const int64_t now_ns = MonotonicNs();
  for (const Listener* each : dispatching_) each->dispatcher->Tick(now_ns);
  ResumeAccepting();
  ScheduleTick();
}

void ListenerGroup::ResumeAccepting() {
  for (const Listener* each : dispatching_) {
    if (each->accept_loop != nullptr && each->dispatcher->has_room()) {
      each->accept_loop->Resume();
    }
  }
}

void ListenerGroup::ScheduleTick() {
  bool busy = false;
  uint64_t progress = 0;
  for (const Listener* each : dispatching_) {
    busy |= each->dispatcher->busy();
    progress += each->dispatcher->progress();
  }
  if (!busy) return;
  const bool moved = std::exchange(progress_seen_, progress) != progress;
  if (alarm_.set() && (!moved || tick_interval_ == kTick)) return;
  tick_interval_ =
      moved ? kTick : std::clamp(tick_interval_ * 2, kTick, kMaxTick);
  alarm_.Set(tick_interval_, [this] { Tick(); });
}

ListenerGroup::Accounts ListenerGroup::Snapshot() {
  Accounts accounts = {
      .ledger = ledger_, .live = pending(), .pending = pending()};
  for (const auto& slot : slots_) {
    slot->ReadCounters();
    accounts.ledger.Accepted(slot->accepted_by_worker());
    accounts.ledger.Completed(slot->finished());
    accounts.live += slot->in_flight();
    accounts.requests += slot->requests();
    accounts.bytes_received += slot->bytes_received();
    accounts.bytes_sent += slot->bytes_sent();
    accounts.handed_off += slot->handed_off();
  }
  return accounts;
}

}  // namespace cluster
