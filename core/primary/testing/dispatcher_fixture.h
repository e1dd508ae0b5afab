// DispatcherFixture: dispatchers, slots and fake workers, at a time that the
// test sets.
#ifndef CORE_PRIMARY_TESTING_DISPATCHER_FIXTURE_H_
#define CORE_PRIMARY_TESTING_DISPATCHER_FIXTURE_H_

#include <sys/eventfd.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/data_path.h"
#include "core/control/socket_address.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/connections/ledger.h"
#include "core/primary/connections/slot.h"
#include "core/primary/testing/fake_worker.h"
#include "scheduler/registry.h"

namespace cluster {

class DispatcherFixture {
 public:
  static constexpr int64_t kMs = 1'000'000;

  explicit DispatcherFixture(size_t slots,
                             const std::string& policy = "round_robin",
                             DispatchOptions options = {},
                             size_t listeners = 1) {
    for (uint32_t i = 0; i < listeners; ++i) {
      dispatchers_.push_back(std::make_unique<Dispatcher>(
          i, *MakePolicy(policy, 1 + i), options, ledger_));
    }
    for (size_t i = 0; i < slots; ++i) {
      slots_.push_back(*Slot::Create(i, listeners, DataPath::kHandoff));
      for (size_t l = 0; l < listeners; ++l) {
        workers_.emplace_back(slots_[i]->page().streams[l],
                              slots_[i]->stream(l).receiver());
      }
    }
  }

  // All workers listen everywhere.
  void AddAll() {
    for (const auto& dispatcher : dispatchers_) {
      for (const auto& slot : slots_) dispatcher->Add(*slot);
    }
  }

  // One round in which up to `count` connections are accepted; fewer if there
  // is no room. Returns how many were.
  size_t Accept(size_t count,
                size_t listener = 0,
                const SocketAddress& peer = {}) {
    Dispatcher& dispatcher = *dispatchers_[listener];
    dispatcher.Begin(now_ns_);
    size_t accepted = 0;
    for (; accepted < count && dispatcher.has_room(); ++accepted) {
      ledger_.Accepted();
      dispatcher.Dispatch({.fd = UniqueFd(eventfd(0, EFD_CLOEXEC)),
                           .id = next_id_++,
                           .accepted_ns = now_ns_,
                           .peer = peer});
    }
    dispatcher.End();
    return accepted;
  }

  // Lets time pass, and looks after what was sent.
  void Pass(int64_t ns) {
    now_ns_ += ns;
    for (const auto& dispatcher : dispatchers_) dispatcher->Tick(now_ns_);
  }

  // The worker of `slot` takes all there is and starts it. Returns the ids.
  std::vector<uint64_t> Serve(size_t slot, size_t listener = 0) {
    worker(slot, listener).Receive();
    std::vector<uint64_t> ids = worker(slot, listener).Start();
    slots_[slot]->page().started.fetch_add(ids.size());
    return ids;
  }

  // It closes up to `count` of what it has started, which lasted `each_ns`.
  void Close(size_t slot,
             size_t count = SIZE_MAX,
             size_t listener = 0,
             int64_t each_ns = 0) {
    const size_t closed = worker(slot, listener).Close(count);
    slots_[slot]->page().lasted_ns.fetch_add(closed * each_ns);
    slots_[slot]->page().completed.fetch_add(closed);
  }

  // Its process is dead, and the slot gets a new one that does not listen yet.
  void Die(size_t slot) {
    for (size_t l = 0; l < dispatchers_.size(); ++l) {
      dispatchers_[l]->Remove(*slots_[slot]);
      dispatchers_[l]->TakeBack(*slots_[slot], now_ns_);
    }
    const uint64_t lost = slots_[slot]->CloseBooks();
    ledger_.Lost(lost);
    for (const auto& dispatcher : dispatchers_) {
      dispatcher->Bury(*slots_[slot], lost, now_ns_);
    }
    for (size_t l = 0; l < dispatchers_.size(); ++l) {
      workers_[slot * dispatchers_.size() + l] = FakeWorker(
          slots_[slot]->page().streams[l], slots_[slot]->stream(l).receiver());
    }
    Pass(0);
  }

  // Accepted connections that are in no final state and held by nobody; 0.
  int64_t Imbalance() {
    Ledger ledger = ledger_;
    uint64_t live = 0;
    for (const auto& dispatcher : dispatchers_) live += dispatcher->pending();
    for (const auto& slot : slots_) {
      slot->ReadCounters();
      ledger.Completed(slot->finished());
      live += slot->in_flight();
    }
    return ledger.imbalance(live);
  }

  Dispatcher& dispatcher(size_t listener = 0) {
    return *dispatchers_[listener];
  }
  Slot& slot(size_t index) { return *slots_[index]; }
  FakeWorker& worker(size_t slot, size_t listener = 0) {
    return workers_[slot * dispatchers_.size() + listener];
  }
  const Ledger& ledger() const { return ledger_; }
  size_t slot_count() const { return slots_.size(); }
  // What each slot has, by index.
  std::vector<uint32_t> InFlight() const {
    std::vector<uint32_t> counts;
    for (const auto& slot : slots_) counts.push_back(slot->in_flight());
    return counts;
  }

 private:
  Ledger ledger_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
  std::deque<FakeWorker> workers_;  // by slot, then listener
  int64_t now_ns_ = 1'000'000'000;
  uint64_t next_id_ = 1;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_TESTING_DISPATCHER_FIXTURE_H_
