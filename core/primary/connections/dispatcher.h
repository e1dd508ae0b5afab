// Dispatcher: gives the connections of one listener to workers.
//
// It asks which workers are eligible (scheduler/eligibility.h), lets the policy
// pick, queues the connection on that slot's stream, and sends one batch a
// worker when the round ends. What no worker can take waits in the pending
// queue. What workers gave back, or were too slow to start, goes to others.
//
// Thread safety: none. Lifetime: slots must outlive the dispatcher. It reads no
// clock and arms no timer: the owner passes the time in and calls Tick().
//
//   dispatcher.Begin(now_ns);
//   while (dispatcher.has_room()) dispatcher.Dispatch(Accept());
//   dispatcher.End();
#ifndef CORE_PRIMARY_CONNECTIONS_DISPATCHER_H_
#define CORE_PRIMARY_CONNECTIONS_DISPATCHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/primary/connections/accepted_connection.h"
#include "core/primary/connections/ledger.h"
#include "core/primary/connections/slot.h"
#include "core/primary/connections/trace_recorder.h"
#include "scheduler/candidate_table.h"
#include "scheduler/eligibility.h"
#include "scheduler/outlier_ejection.h"
#include "scheduler/pending_queue.h"
#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"

namespace cluster {

struct DispatchOptions {
  size_t pending_capacity = 4096;
  // Since a connection was accepted, whatever happens to it; INT64_MAX: for
  // ever. One that is late is given to one worker more, if any can take it.
  int64_t pending_timeout_ns = 30'000'000'000;
  EligibilityLimits limits = {};
  // Of the slots by index, from 1 to 65,536; a slot without one has 1.
  std::vector<uint32_t> weights = {};
  // Of the slots by index: a worker with so many connections gets no more. A
  // slot without one has no limit, nor has one of UINT32_MAX.
  std::vector<uint32_t> max_connections = {};
  // How long a worker's share rises after it began to listen; 0: at once.
  int64_t slow_start_ns = 0;
  // A failure is a connection that died with its worker, or one that was taken
  // back because the worker stood still; a success is one that ended.
  EjectionOptions ejection = {};
  // Mixed into the keys of clients, see client_key.h.
  uint64_t key_seed = 0;
  // Is told what was placed and what has ended; null: nobody. Outlives it.
  TraceRecorder* recorder = nullptr;
};

class Dispatcher {
 public:
  // `listener` is the index of the stream in each slot. `ledger` must outlive
  // it.
  Dispatcher(uint32_t listener,
             std::unique_ptr<Policy> policy,
             const DispatchOptions& options,
             Ledger& ledger);

  // From now on `policy` picks; nothing that was placed or waits is touched. If
  // the one before was told nothing, it hears only of what ends from now on.
  // REQUIRES: not within a round.
  void SetPolicy(std::unique_ptr<Policy> policy);
  // Gives the slot of that index so many shares, from 1 to 65,536.
  void SetWeight(uint32_t slot, uint32_t weight);

  // The slot's worker listens: it may be picked from now on.
  void Add(Slot& slot);
  // It gets no more. What it has not started stays with it (drain), see
  // TakeBack().
  void Remove(Slot& slot);
  // Recovers from a slot all that was not started, for others. Call after
  // Remove() when its worker is dead.
  void TakeBack(Slot& slot, int64_t now_ns);
  // The slot's worker is dead, and `lost` connections with it. If it served
  // here, those are failures here, of whatever listener they were.
  void Bury(const Slot& slot, uint64_t lost, int64_t now_ns);

  // One round: Begin, any number of Dispatch, End. Begin also places what
  // waits.
  void Begin(int64_t now_ns);
  // True if the next connection can be placed or can wait.
  bool has_room() const { return !table_.empty() || !pending_.full(); }
  // REQUIRES: has_room().
  void Dispatch(AcceptedConnection connection);
  // Sends the batches. Connections that could not be sent wait.
  void End();

  // Looks after what was sent: closes what was started, takes back what stands
  // still, places what waits, drops what has waited too long.
  void Tick(int64_t now_ns);

  // True while Tick() is needed: something is unstarted or waits, or nobody has
  // room and time may change that.
  bool busy() const {
    return unstarted() > 0 || !pending_.empty() ||
           (!has_room() && AnyIsBackSoon());
  }
  uint64_t unstarted() const;
  size_t pending() const { return pending_.size(); }
  size_t members() const { return members_.size(); }
  // Rises whenever a connection was placed, started or given back.
  uint64_t progress() const { return progress_; }

  // Nobody will take connections any more: closes all that waits, and from now
  // on what comes back. What was sent may still be started.
  void RefuseAll();

 private:
  struct Member {
    Slot* slot;
    uint64_t key;
    // What the policy was told of, for the slot's workers together.
    uint64_t finished_told;
    uint64_t lasted_ns_told;
    uint64_t lost_untold;   // with the slot's worker before it
    int64_t since_ns = -1;  // when it was first looked at; -1: not yet
    // A slot that left stays until what it holds is decided.
    bool leaving = false;
  };
  // What a slot's workers have left behind.
  struct Past {
    bool served = false;  // the one that lives, or has died last
    uint64_t lost = 0;    // by those whom no other has followed yet
  };

  HandoffStream& StreamOf(const Member& member) const {
    return member.slot->stream(listener_);
  }
  bool AnyIsBackSoon() const;
  WorkerView ViewOf(const Member& member) const;
  uint32_t WeightOf(const Slot& slot) const;
  uint32_t LimitOf(const Slot& slot) const;
  void FillTable();
  void ThinOutStarters();
  int64_t DeadlineOf(const AcceptedConnection& connection) const;
  void FindCandidates();
  void Flush();
  void Release();
  bool reports() const {
    return policy_->wants_completions() || ejection_.enabled();
  }
  void Report(Member& member);
  Past& PastOf(const Slot& slot);
  void Requeue(HandoffStream::Connections& connections, Slot& slot, bool full);
  void TakeBackFrom(Slot& slot);
  void TakeBackFromSlow();
  void PlacePending();
  void Place(AcceptedConnection connection);

  const uint32_t listener_;
  std::unique_ptr<Policy> policy_;
  DispatchOptions options_;
  Ledger& ledger_;
  OutlierEjection ejection_;
  std::vector<Past> pasts_;  // by slot
  SplitMix64 random_{0};

  std::vector<Member> members_;  // in the order in which they began to listen
  uint64_t next_key_ = 1;
  PendingQueue<AcceptedConnection> pending_;
  uint64_t progress_ = 0;
  bool refusing_ = false;

  // The round.
  int64_t now_ns_ = 0;
  std::vector<WorkerView> views_;   // by member
  std::vector<uint32_t> eligible_;  // member of each candidate
  CandidateTable table_;            // what the policy sees
  std::vector<uint32_t> percents_;  // of their shares, by candidate
  std::vector<uint32_t> weights_;   // likewise
  HandoffStream::Connections scratch_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_DISPATCHER_H_
