#include "core/primary/connections/dispatcher.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/deadline_ns.h"
#include "core/primary/connections/client_key.h"
#include "scheduler/slow_start.h"

namespace cluster {
namespace {

static_assert(PendingQueue<AcceptedConnection>::kNoDeadline == kNeverNs);

}  // namespace

Dispatcher::Dispatcher(uint32_t listener,
                       std::unique_ptr<Policy> policy,
                       const DispatchOptions& options,
                       Ledger& ledger)
    : listener_(listener),
      policy_(std::move(policy)),
      options_(options),
      ledger_(ledger),
      ejection_(options.ejection),
      pending_(options.pending_capacity) {}

// What nobody wanted to hear may be of any age, and would come as one report.
void Dispatcher::SetPolicy(std::unique_ptr<Policy> policy) {
  if (!policy_->wants_completions()) {
    Release();
    for (Member& member : members_) {
      member.finished_told = member.slot->finished();
      member.lasted_ns_told = member.slot->lasted_ns();
      member.lost_untold = 0;
    }
    for (Past& past : pasts_) past.lost = 0;
  }
  policy_ = std::move(policy);
}

void Dispatcher::SetWeight(uint32_t slot, uint32_t weight) {
  if (options_.weights.size() <= slot) options_.weights.resize(slot + 1, 1);
  options_.weights[slot] = weight;
}

void Dispatcher::Add(Slot& slot) {
  Remove(slot);
  std::erase_if(members_, [&](const Member& m) { return m.slot == &slot; });
  slot.ReadCounters();
  members_.push_back({.slot = &slot,
                      .key = next_key_++,
                      .finished_told = slot.finished(),
                      .lasted_ns_told = slot.lasted_ns(),
                      .lost_untold = std::exchange(PastOf(slot).lost, 0)});
  PastOf(slot).served = true;
  ejection_.Add(slot.index());
}

void Dispatcher::Remove(Slot& slot) {
  for (Member& member : members_) {
    if (member.slot == &slot) member.leaving = true;
  }
}

void Dispatcher::TakeBack(Slot& slot, int64_t now_ns) {
  now_ns_ = now_ns;
  TakeBackFrom(slot);
  std::erase_if(members_,
                [&](const Member& m) { return m.slot == &slot && m.leaving; });
}

Dispatcher::Past& Dispatcher::PastOf(const Slot& slot) {
  if (slot.index() >= pasts_.size()) pasts_.resize(slot.index() + size_t{1});
  return pasts_[slot.index()];
}

void Dispatcher::Bury(const Slot& slot, uint64_t lost, int64_t now_ns) {
  Past& past = PastOf(slot);
  if (!std::exchange(past.served, false)) return;
  past.lost += lost;
  ejection_.Failed(slot.index(), lost, now_ns);
}

uint64_t Dispatcher::unstarted() const {
  uint64_t total = 0;
  for (const Member& member : members_) total += StreamOf(member).unstarted();
  return total;
}

// What holds them back goes by with time, and nobody would tell.
bool Dispatcher::AnyIsBackSoon() const {
  return std::ranges::any_of(members_, [this](const Member& member) {
    const Slot& slot = *member.slot;
    return slot.full(now_ns_) || slot.suspect() ||
           ejection_.ejected(slot.index(), now_ns_);
  });
}

WorkerView Dispatcher::ViewOf(const Member& member) const {
  const HandoffStream& stream = StreamOf(member);
  const uint64_t unstarted = stream.unstarted();
  return {.unstarted = unstarted,
          .oldest_unstarted_age_ns =
              unstarted > 0 ? now_ns_ - stream.oldest_queued_ns() : 0,
          .listening = true,
          .draining = member.leaving,
          .full = member.slot->full(now_ns_) ||
                  member.slot->in_flight() >= LimitOf(*member.slot),
          .suspect = member.slot->suspect(),
          .ejected = ejection_.ejected(member.slot->index(), now_ns_)};
}

uint32_t Dispatcher::WeightOf(const Slot& slot) const {
  return slot.index() < options_.weights.size() ? options_.weights[slot.index()]
                                                : 1;
}

uint32_t Dispatcher::LimitOf(const Slot& slot) const {
  return slot.index() < options_.max_connections.size()
             ? options_.max_connections[slot.index()]
             : std::numeric_limits<uint32_t>::max();
}

// ---- A round

void Dispatcher::Begin(int64_t now_ns) {
  now_ns_ = now_ns;
  FindCandidates();
  PlacePending();
}

void Dispatcher::FindCandidates() {
  Release();
  views_.clear();
  for (Member& member : members_) {
    // Not when it was added: the time that is known then may be old.
    if (member.since_ns < 0) member.since_ns = now_ns_;
    views_.push_back(ViewOf(member));
  }
  eligible_.resize(views_.size());
  eligible_.resize(SelectEligible(
      views_, policy_->prefers_idle(), options_.limits, eligible_));
  FillTable();
}

void Dispatcher::FillTable() {
  percents_.clear();
  weights_.clear();
  for (const uint32_t index : eligible_) {
    const Member& member = members_[index];
    percents_.push_back(
        SlowStartPercent(now_ns_ - member.since_ns, options_.slow_start_ns));
    weights_.push_back(WeightOf(*member.slot));
  }
  double weight_unit = 1;
  if (policy_->heeds_weights()) {
    weight_unit = ScaleWeights(percents_, weights_);
  }
  if (!policy_->weighs_idle()) ThinOutStarters();
  table_.Clear(weight_unit);
  for (size_t row = 0; row < eligible_.size(); ++row) {
    const uint32_t index = eligible_[row];
    const Member& member = members_[index];
    table_.Add({.key = member.key,
                .slot = member.slot->index(),
                .in_flight = member.slot->in_flight(),
                .weight = weights_[row],
                .requests = static_cast<uint32_t>(member.slot->requests() +
                                                  views_[index].unstarted),
                .capacity = LimitOf(*member.slot)});
  }
}

// A policy that does not weigh idle workers sees one that has just started in
// so many rounds as its share says, against the one that has started longest.
// Where it has a weight that is less, too: on a busy host it would have too
// much of those rounds.
void Dispatcher::ThinOutStarters() {
  if (percents_.empty()) return;
  const uint32_t greatest = std::ranges::max(percents_);
  size_t kept = 0;
  for (size_t row = 0; row < eligible_.size(); ++row) {
    if (percents_[row] < greatest &&
        random_.Below(greatest) >= percents_[row]) {
      continue;
    }
    eligible_[kept] = eligible_[row];
    weights_[kept++] = weights_[row];
  }
  eligible_.resize(kept);
}

// However often it comes back, its client has waited since it was accepted.
int64_t Dispatcher::DeadlineOf(const AcceptedConnection& connection) const {
  return DeadlineNs(connection.accepted_ns, options_.pending_timeout_ns);
}

void Dispatcher::Dispatch(AcceptedConnection connection) {
  if (!table_.empty() && pending_.empty()) {
    Place(std::move(connection));
    return;
  }
  const int64_t deadline_ns = DeadlineOf(connection);
  if (pending_.Push(std::move(connection), deadline_ns)) return;
  // Candidates are left, but older connections go first.
  pending_.PushFront(std::move(connection), deadline_ns);
  PlacePending();
}

void Dispatcher::PlacePending() {
  if (refusing_) return RefuseAll();
  while (!pending_.empty() && !table_.empty()) Place(pending_.PopFront());
}

void Dispatcher::Place(AcceptedConnection connection) {
  const bool keyed = policy_->wants_key() || options_.recorder != nullptr;
  const uint64_t key =
      keyed ? ClientKey(connection.peer, options_.key_seed) : 0;
  const size_t chosen =
      policy_->Pick({.now_ns = now_ns_, .key = key}, table_.view());
  const uint32_t index = eligible_[chosen];
  Slot& slot = *members_[index].slot;
  if (std::exchange(connection.returned, false)) ledger_.Redispatched(1);
  if (options_.recorder != nullptr) {
    options_.recorder->Placed(
        connection.id, connection.accepted_ns, key, slot.index());
  }
  connection.last_try = DeadlineOf(connection) <= now_ns_;
  slot.stream(listener_).Queue(std::move(connection), now_ns_);
  slot.AddAssigned(1);
  ++progress_;
  table_.Place(chosen);
  if (++views_[index].unstarted < options_.limits.max_unstarted &&
      slot.in_flight() < LimitOf(slot)) {
    return;
  }
  table_.Erase(chosen);
  eligible_.erase(eligible_.begin() + chosen);
}

void Dispatcher::End() {
  Flush();
  // Without a queue it is the kernel's backlog that waits.
  if (pending_.empty() && has_room()) return;
  // Ask the workers to say when they have room, so that nobody has to poll;
  // then look again for those who made room before they could see the question.
  for (const Member& member : members_) member.slot->AskForRoom();
  FindCandidates();
  PlacePending();
  Flush();
}

void Dispatcher::Flush() {
  for (const Member& member : members_) {
    scratch_.clear();
    if (StreamOf(member).Flush(&scratch_) == 0) continue;
    Requeue(scratch_, *member.slot, /*full=*/true);
  }
}

// ---- What was sent

void Dispatcher::Release() {
  for (Member& member : members_) {
    scratch_.clear();
    HandoffStream& stream = StreamOf(member);
    const uint64_t before = stream.unstarted();
    if (before > 0) member.slot->AddStarted(stream.Release(&scratch_));
    if (stream.unstarted() != before) ++progress_;
    if (!scratch_.empty()) Requeue(scratch_, *member.slot, /*full=*/true);
    member.slot->ReadCounters();
    if (options_.recorder != nullptr) {
      const Slot& slot = *member.slot;
      options_.recorder->Saw(slot.index(), slot.finished(), slot.lasted_ns());
    }
    if (reports()) Report(member);
    member.slot->SendDueProbe();
  }
  std::erase_if(members_, [&](const Member& m) {
    return m.leaving && StreamOf(m).unstarted() == 0;
  });
}

// Tells the policy what the slot's worker has finished since the last time, and
// of a new one how many died with the one before. The counters are of all
// listeners: a worker is as slow for each.
void Dispatcher::Report(Member& member) {
  const Slot& slot = *member.slot;
  const uint64_t count =
      slot.finished() - std::exchange(member.finished_told, slot.finished());
  const uint64_t failed = std::exchange(member.lost_untold, 0);
  if (count == 0 && failed == 0) return;
  ejection_.Succeeded(slot.index(), count, now_ns_);
  const uint64_t total_ns =
      slot.lasted_ns() - std::exchange(member.lasted_ns_told, slot.lasted_ns());
  policy_->OnCompleted({.key = member.key,
                        .slot = slot.index(),
                        .count = static_cast<uint32_t>(count),
                        .total_ns = static_cast<int64_t>(total_ns),
                        .failed = static_cast<uint32_t>(failed),
                        .in_flight = slot.in_flight(),
                        .now_ns = now_ns_});
}

// Puts connections that came back from `slot` before all that wait, those that
// were late already when the slot got them excepted.
void Dispatcher::Requeue(HandoffStream::Connections& connections,
                         Slot& slot,
                         bool full) {
  slot.AddReturned(connections.size());
  if (full) slot.MarkFull(now_ns_);
  for (auto it = connections.rbegin(); it != connections.rend(); ++it) {
    if (it->last_try) {
      ledger_.Expired(1);
      continue;
    }
    it->returned = true;
    const int64_t deadline_ns = DeadlineOf(*it);
    pending_.PushFront(std::move(*it), deadline_ns);
  }
  progress_ += connections.size();
  connections.clear();
}

void Dispatcher::TakeBackFrom(Slot& slot) {
  scratch_.clear();
  slot.AddStarted(slot.stream(listener_).TakeBack(&scratch_));
  Requeue(scratch_, slot, /*full=*/false);
}

void Dispatcher::TakeBackFromSlow() {
  views_.clear();
  size_t fine = 0;
  for (const Member& member : members_) {
    views_.push_back(ViewOf(member));
    if (IsFine(views_.back(), options_.limits)) ++fine;
  }
  for (size_t i = 0; i < views_.size(); ++i) {
    if (views_[i].unstarted == 0) continue;
    const bool another = fine > (IsFine(views_[i], options_.limits) ? 1u : 0u);
    if (!ShouldTakeBack(
            views_[i].oldest_unstarted_age_ns, another, options_.limits)) {
      continue;
    }
    ejection_.Failed(members_[i].slot->index(), views_[i].unstarted, now_ns_);
    TakeBackFrom(*members_[i].slot);
    members_[i].slot->MarkSuspect(listener_);
  }
}

void Dispatcher::Tick(int64_t now_ns) {
  now_ns_ = now_ns;
  Release();
  TakeBackFromSlow();
  Begin(now_ns);
  pending_.Expire(now_ns, [this](AcceptedConnection) { ledger_.Expired(1); });
  End();
}

void Dispatcher::RefuseAll() {
  refusing_ = true;
  while (!pending_.empty()) {
    (void)pending_.PopFront();
    ledger_.Refused(1);
  }
}

}  // namespace cluster
