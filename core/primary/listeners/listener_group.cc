#include "core/primary/listeners/listener_group.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/duplicate_fd.h"
#include "core/base/errno_status.h"
#include "core/base/gathering.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"
#include "core/primary/connections/trace_recorder.h"
#include "ipc/address.h"
#include "ipc/reuseport_group.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"

namespace cluster {

absl::StatusOr<std::unique_ptr<ListenerGroup>> ListenerGroup::Create(
    boost::asio::io_context& io,
    std::vector<UniqueFd> sockets,
    const ListenerGroupOptions& options,
    const std::vector<ListenAddress>& bound) {
  std::unique_ptr<ListenerGroup> group(
      new ListenerGroup(io, sockets.size(), options));
  for (uint32_t i = 0; i < sockets.size(); ++i) {
    ListenAddress address;
    if (i < bound.size()) {
      address = bound[i];
    } else {
      ASSIGN_OR_RETURN(address, LocalAddress(sockets[i].get()));
    }
    RETURN_IF_ERROR(group->Add(i, std::move(sockets[i]), std::move(address)));
  }
  for (uint32_t i = sockets.size(); i < kMaxListeners; ++i) {
    group->free_numbers_.push_back(i);
  }
  return group;
}

absl::Status ListenerGroup::Add(uint32_t listener,
                                UniqueFd socket,
                                ListenAddress bound) {
  auto made =
      std::make_unique<Listener>(listener, std::move(socket), std::move(bound));
  made->data_path = options_.data_path;
  // The kernel steers nothing of Unix sockets; the primary does it as well.
  if (options_.data_path == DataPath::kSteer &&
      made->bound.kind == ListenAddress::Kind::kUnix) {
    made->data_path = DataPath::kHandoff;
  }
  if (!made->datagram() && made->data_path != DataPath::kShare) {
    RETURN_IF_ERROR(AddDispatcher(*made));
  }
  if (made->data_path == DataPath::kSteer) RETURN_IF_ERROR(AddSteering(*made));
  if (made->dispatcher != nullptr) dispatching_.push_back(made.get());
  listeners_[listener] = std::move(made);
  return absl::OkStatus();
}

absl::Status ListenerGroup::AddDispatcher(Listener& listener) {
  const uint32_t number = listener.facts.listener;
  ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
                   MakePolicy(options_.policy, options_.seed + number));
  DispatchOptions dispatch = options_.dispatch;
  dispatch.key_seed = options_.seed;
  listener.dispatcher = std::make_unique<Dispatcher>(
      number, std::move(policy), dispatch, ledger_);
  return absl::OkStatus();
}

absl::Status ListenerGroup::AddSteering(Listener& listener) {
  if (listener.datagram()) {
    ASSIGN_OR_RETURN(
        listener.datagrams,
        ReuseportGroup::Create(std::move(listener.socket), options_.backlog));
    while (listener.datagrams->size() < slots_.size()) {
      RETURN_IF_ERROR(listener.datagrams->Join());
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(
      listener.steering,
      Steering::Create(
          std::move(listener.socket),
          {.io = io_,
           .listener = listener.facts.listener,
           .backlog = options_.backlog,
           .options = options_.steer,
           .make_accept_loop =
               [this, &listener](UniqueFd socket) {
                 return MakeAcceptLoop(listener, std::move(socket));
               },
           .on_trouble =
               [this](const absl::Status& status) { TellTrouble(status); }}));
  for (const auto& slot : slots_) {
    RETURN_IF_ERROR(listener.steering->AddSlot(*slot));
  }
  return absl::OkStatus();
}

void ListenerGroup::TellTrouble(const absl::Status& status) {
  if (on_trouble_) on_trouble_(status);
}

void ListenerGroup::Start(std::function<void(const absl::Status&)> on_trouble) {
  if (closed_) return;
  started_ = true;
  on_trouble_ = std::move(on_trouble);
  for (Listener* listener : dispatching_) StartAccepting(*listener);
}

void ListenerGroup::StartAccepting(Listener& listener) {
  if (listener.steering != nullptr) return listener.steering->Start();
  listener.accept_loop = MakeAcceptLoop(listener, std::move(listener.socket));
  listener.accept_loop->Start();
}

std::unique_ptr<AcceptLoop> ListenerGroup::MakeAcceptLoop(Listener& listener,
                                                          UniqueFd socket) {
  auto loop = std::make_unique<AcceptLoop>(
      io_,
      std::move(socket),
      *listener.dispatcher,
      ledger_,
      next_connection_id_,
      Gathering(options_.gather_ns, AcceptLoop::kGatheringRates),
      [this] { ScheduleTick(); });
  loop->OnTrouble(on_trouble_);
  return loop;
}

absl::StatusOr<uint32_t> ListenerGroup::Open(UniqueFd socket,
                                             ListenAddress bound,
                                             bool exclusive) {
  if (closed_) return ErrnoStatus(ESHUTDOWN, "listen", "the host ends");
  if (free_numbers_.empty()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxListeners, " listeners are the most"));
  }
  const uint32_t number = free_numbers_.front();
  RETURN_IF_ERROR(Add(number, std::move(socket), std::move(bound)));
  free_numbers_.pop_front();
  Listener& added = *listeners_[number];
  added.facts.exclusive = exclusive;
  if (started_ && added.dispatcher != nullptr) StartAccepting(added);
  return number;
}

bool ListenerGroup::Owns(int fd) const {
  return std::any_of(
      listeners_.begin(), listeners_.end(), [fd](const auto& each) {
        return each != nullptr && each->Owns(fd);
      });
}

void ListenerGroup::ShutListener(uint32_t listener) {
  Listener& shut = *listeners_[listener];
  if (std::exchange(shut.shut, true)) return;
  shut.CloseSockets();
  if (shut.dispatcher != nullptr) shut.dispatcher->RefuseAll();
}

void ListenerGroup::CloseListener(uint32_t listener) {
  std::erase(dispatching_, listeners_[listener].get());
  for (const auto& slot : slots_) slot->DropStream(listener);
  listeners_[listener].reset();
  free_numbers_.push_back(listener);
}

absl::StatusOr<Slot*> ListenerGroup::AddSlot() {
  ASSIGN_OR_RETURN(std::unique_ptr<Slot> slot,
                   Slot::Create(static_cast<uint32_t>(slots_.size()),
                                /*listeners=*/0,
                                options_.data_path));
  for (const auto& listener : listeners_) {
    if (listener == nullptr) continue;
    const absl::Status status = listener->AddSlot(*slot);
    if (status.ok()) continue;
    for (const auto& each : listeners_) {
      if (each != nullptr) each->DropSlot(*slot);
    }
    return status;
  }
  slots_.push_back(std::move(slot));
  return slots_.back().get();
}

absl::StatusOr<std::vector<UniqueFd>> ListenerGroup::AcceptorFor(
    Slot& slot, uint32_t listener) {
  const Listener* found = this->listener(listener);
  if (found == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no listener ", listener));
  }
  const bool worker_accepts =
      found->dispatcher == nullptr || found->steering != nullptr;
  if ((closed_ || found->shut) && worker_accepts) {
    return ErrnoStatus(
        ESHUTDOWN, "listen", closed_ ? "the host ends" : "it is closed");
  }
  if (found->dispatcher != nullptr) RETURN_IF_ERROR(slot.AddStream(listener));
  std::vector<UniqueFd> copies;
  for (const int source : found->SourcesOf(slot)) {
    ASSIGN_OR_RETURN(UniqueFd copy, DuplicateFd(source, "acceptor"));
    copies.push_back(std::move(copy));
  }
  return copies;
}

void ListenerGroup::Serve(Slot& slot, uint32_t listener) {
  const Listener* found = this->listener(listener);
  if (found == nullptr || found->dispatcher == nullptr) return;
  found->dispatcher->Add(slot);
  if (found->steering != nullptr) found->steering->Serve(slot);
  Tick();
}

void ListenerGroup::Withdraw(Slot& slot, uint32_t listener) {
  const Listener* found = this->listener(listener);
  if (found == nullptr || found->dispatcher == nullptr) return;
  if (!slot.has_stream(listener)) return;
  if (found->steering != nullptr) found->steering->Withdraw(slot);
  found->dispatcher->Remove(slot);
  found->dispatcher->TakeBack(slot, MonotonicNs());
  // A probe that asked it for a sign of life may have been taken back, too.
  slot.ShowsLife();
  Tick();
}

void ListenerGroup::StopServing(Slot& slot) {
  for (const Listener* each : dispatching_) {
    each->dispatcher->Remove(slot);
    if (each->steering != nullptr) each->steering->Withdraw(slot);
  }
}

void ListenerGroup::TakeBack(Slot& slot) {
  for (const Listener* each : dispatching_) {
    if (!slot.has_stream(each->facts.listener)) continue;
    if (each->steering != nullptr) each->steering->Withdraw(slot);
    each->dispatcher->Remove(slot);
    each->dispatcher->TakeBack(slot, MonotonicNs());
  }
  // As in Withdraw(): nothing would ask it any more.
  slot.ShowsLife();
  Tick();
}

void ListenerGroup::CloseBooks(Slot& slot) {
  const uint64_t lost = slot.CloseBooks();
  ledger_.Lost(lost);
  const int64_t now_ns = MonotonicNs();
  for (const Listener* each : dispatching_) {
    each->dispatcher->Bury(slot, lost, now_ns);
  }
  TraceRecorder* const recorder = options_.dispatch.recorder;
  if (recorder == nullptr) return;
  recorder->Saw(slot.index(), slot.finished(), slot.lasted_ns());
  recorder->Forget(slot.index());
}

void ListenerGroup::OnRoom(Slot& slot) {
  if (!slot.TakeAnswer()) return;
  slot.ShowsLife();
  for (const Listener* each : dispatching_) {
    if (each->steering != nullptr) each->steering->Restore(slot);
  }
  Tick();
}

void ListenerGroup::Close() {
  closed_ = true;
  for (const auto& each : listeners_) {
    if (each != nullptr) each->CloseSockets();
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
    if (!each->dispatcher->has_room()) continue;
    if (each->accept_loop != nullptr) each->accept_loop->Resume();
    if (each->steering != nullptr) each->steering->Resume();
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
  const auto look_in = look_interval_.Next(progress, alarm_.set());
  if (look_in.has_value()) alarm_.Set(*look_in, [this] { Tick(); });
}

Accounts ListenerGroup::Snapshot() {
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
