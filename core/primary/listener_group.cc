#include "core/primary/listener_group.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
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
      new ListenerGroup(io, std::move(sockets), options));
  if (options.data_path == DataPath::kShare) return group;
  for (uint32_t i = 0; i < group->listener_count_; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
                     MakePolicy(options.policy, options.seed + i));
    group->dispatchers_.push_back(std::make_unique<Dispatcher>(
        i, std::move(policy), options.dispatch, group->ledger_));
  }
  return group;
}

void ListenerGroup::Start(std::function<void(const absl::Status&)> on_trouble) {
  if (closed_) return;
  for (size_t i = 0; i < dispatchers_.size(); ++i) {
    accept_loops_.push_back(
        std::make_unique<AcceptLoop>(io_,
                                     std::move(sockets_[i]),
                                     *dispatchers_[i],
                                     ledger_,
                                     next_connection_id_,
                                     options_.gather_ns,
                                     [this] { ScheduleTick(); }));
    accept_loops_.back()->OnTrouble(on_trouble);
    accept_loops_.back()->Start();
  }
}

absl::StatusOr<Slot*> ListenerGroup::AddSlot() {
  ASSIGN_OR_RETURN(std::unique_ptr<Slot> slot,
                   Slot::Create(static_cast<uint32_t>(slots_.size()),
                                listener_count_,
                                options_.data_path == DataPath::kHandoff));
  slots_.push_back(std::move(slot));
  return slots_.back().get();
}

absl::StatusOr<UniqueFd> ListenerGroup::AcceptorFor(const Slot& slot,
                                                    uint32_t listener) {
  if (listener >= listener_count_) {
    return absl::InvalidArgumentError(absl::StrCat("no listener ", listener));
  }
  if (options_.data_path == DataPath::kShare && closed_) {
    return ErrnoStatus(ESHUTDOWN, "listen", "share");
  }
  const int source = options_.data_path == DataPath::kHandoff
                         ? slot.stream(listener).receiver()
                         : sockets_[listener].get();
  UniqueFd copy(fcntl(source, F_DUPFD_CLOEXEC, 0));
  if (!copy) return ErrnoStatus("fcntl", "acceptor");
  return copy;
}

void ListenerGroup::Serve(Slot& slot, uint32_t listener) {
  if (listener >= dispatchers_.size()) return;
  dispatchers_[listener]->Add(slot);
  Tick();
}

void ListenerGroup::StopServing(Slot& slot) {
  for (const auto& dispatcher : dispatchers_) dispatcher->Remove(slot);
}

void ListenerGroup::TakeBack(Slot& slot) {
  for (const auto& dispatcher : dispatchers_) {
    dispatcher->Remove(slot);
    dispatcher->TakeBack(slot, MonotonicNs());
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
  for (const auto& loop : accept_loops_) loop->Close();
  sockets_.clear();
  Tick();
}

size_t ListenerGroup::pending() const {
  size_t total = 0;
  for (const auto& dispatcher : dispatchers_) total += dispatcher->pending();
  return total;
}

void ListenerGroup::RefusePending() {
  for (const auto& dispatcher : dispatchers_) dispatcher->RefuseAll();
}

void ListenerGroup::Tick() {
  const int64_t now_ns = MonotonicNs();
  for (const auto& dispatcher : dispatchers_) dispatcher->Tick(now_ns);
  ResumeAccepting();
  ScheduleTick();
}

void ListenerGroup::ResumeAccepting() {
  for (size_t i = 0; i < accept_loops_.size(); ++i) {
    if (dispatchers_[i]->has_room()) accept_loops_[i]->Resume();
  }
}

void ListenerGroup::ScheduleTick() {
  bool busy = false;
  uint64_t progress = 0;
  for (const auto& dispatcher : dispatchers_) {
    busy |= dispatcher->busy();
    progress += dispatcher->progress();
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
    for (size_t i = 0; i < slot->stream_count(); ++i) {
      accounts.handed_off += slot->stream(i).sent();
    }
  }
  return accounts;
}

}  // namespace cluster
