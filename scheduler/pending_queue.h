// PendingQueue: accepted connections that wait because no worker can take one.
//
// First in, first out; each entry has a deadline of its own. It reads no clock:
// arm one timer for next_deadline_ns() and call Expire() when it fires.
//
// Thread safety: none; one queue belongs to one dispatcher.
// Lifetime: owns its entries; what is left is destroyed with it.
//
//   if (!queue.Push(std::move(connection), now_ns + kWaitNs)) StopAccepting();
//   queue.Expire(now_ns, [&](Connection late) { Refuse(std::move(late)); });
#ifndef SCHEDULER_PENDING_QUEUE_H_
#define SCHEDULER_PENDING_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <utility>

#include "absl/functional/function_ref.h"

namespace cluster {

template <class T>
class PendingQueue {
 public:
  static constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

  // Push() lets at most `capacity` entries wait; 0 makes it refuse all.
  explicit PendingQueue(size_t capacity) : capacity_(capacity) {}

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // True if Push() would refuse.
  bool full() const { return entries_.size() >= capacity_; }

  // Appends `value`, which expires at `deadline_ns` (kNoDeadline: never).
  // Returns false, and leaves `value` as it was, when the queue is full.
  [[nodiscard]] bool Push(T&& value, int64_t deadline_ns) {
    if (full()) return false;
    Append({std::move(value), deadline_ns});
    return true;
  }

  // Puts a connection that was taken back before all others: it is older than
  // they are. Never refuses, so that nothing is lost: the queue may outgrow its
  // capacity by what was handed off, and then stays full() until it has shrunk.
  // Entries taken back together go in youngest first.
  void PushFront(T value, int64_t deadline_ns) {
    if (earliest_.empty() || deadline_ns <= earliest_.front()) {
      earliest_.push_front(deadline_ns);
    }
    entries_.push_front({std::move(value), deadline_ns});
  }

  // Removes and returns the oldest entry, whether its deadline has passed or
  // not. REQUIRES: !empty().
  T PopFront() {
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    if (earliest_.front() == entry.deadline_ns) earliest_.pop_front();
    return std::move(entry.value);
  }

  // Returns the earliest deadline of all entries; kNoDeadline when there is
  // none. O(1).
  int64_t next_deadline_ns() const {
    return earliest_.empty() ? kNoDeadline : earliest_.front();
  }

  // Removes the entries whose deadline is `now_ns` or earlier and gives them to
  // `expired`, oldest first. O(1) when there are none, O(expired) when
  // deadlines rise along the queue, else O(size). REQUIRES: `expired` does not
  // touch this queue.
  void Expire(int64_t now_ns, absl::FunctionRef<void(T)> expired) {
    while (!empty() && entries_.front().deadline_ns <= now_ns) {
      expired(PopFront());
    }
    if (empty() || next_deadline_ns() > now_ns) return;
    std::deque<Entry> waiting = std::exchange(entries_, {});
    earliest_.clear();
    for (Entry& entry : waiting) {
      if (entry.deadline_ns <= now_ns) {
        expired(std::move(entry.value));
      } else {
        Append(std::move(entry));
      }
    }
  }

 private:
  struct Entry {
    T value;
    int64_t deadline_ns;
  };

  void Append(Entry entry) {
    while (!earliest_.empty() && earliest_.back() > entry.deadline_ns) {
      earliest_.pop_back();
    }
    earliest_.push_back(entry.deadline_ns);
    entries_.push_back(std::move(entry));
  }

  const size_t capacity_;
  std::deque<Entry> entries_;
  // The deadlines that are or may become the earliest: those that no entry
  // behind them undercuts. They rise from front to back. Kept like the minimum
  // of a sliding window.
  std::deque<int64_t> earliest_;
};

}  // namespace cluster

#endif  // SCHEDULER_PENDING_QUEUE_H_
