// DeliveryQueue: what one worker has been sent of others and has not read, and
// whose window it is charged to.
//
// Positions count the bytes of the worker's channel from its beginning, as
// UnixChannel::written_bytes() does.
//
// Thread safety: none.
//
//   queue.Add({.end = position, .sender = 3, .cost = 90, .bytes = 90,
//              .fds = 1, .fds_of = 3});
//   queue.PopWritten(written, [&](uint32_t sender, uint64_t cost) { ... });
#ifndef CORE_PRIMARY_MESSAGES_DELIVERY_QUEUE_H_
#define CORE_PRIMARY_MESSAGES_DELIVERY_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace cluster {

class DeliveryQueue {
 public:
  struct Entry {
    uint64_t end = 0;     // position behind its last byte
    uint32_t sender = 0;  // 0: nobody waits for the cost
    uint64_t cost = 0;
    uint64_t bytes = 0;
    size_t fds = 0;
    uint32_t fds_of = 0;  // who sent those, also when the cost is nobody's
  };
  // Those of one sender in a row are one entry, up to about this cost: an
  // allocation for many small messages.
  static constexpr uint64_t kMergedCost = uint64_t{64} << 10;

  void Add(const Entry& entry) {
    bytes_ += entry.bytes;
    if (entries_.empty() || !Joins(entries_.back(), entry)) {
      return entries_.push_back(entry);
    }
    Entry& last = entries_.back();
    last.end = entry.end;
    last.cost += entry.cost;
    last.bytes += entry.bytes;
    last.fds += entry.fds;
    if (entry.fds > 0) last.fds_of = entry.fds_of;
  }

  // Calls `settle(sender, cost)` for what lies before `written`.
  template <class Settle>
  void PopWritten(uint64_t written, Settle&& settle) {
    while (!entries_.empty() && entries_.front().end <= written) {
      const Entry entry = entries_.front();
      entries_.pop_front();
      bytes_ -= entry.bytes;
      if (entry.sender != 0) settle(entry.sender, entry.cost);
    }
  }

  // Calls `settle` for all that wait, which stay here at nobody's cost.
  template <class Settle>
  void Forgive(Settle&& settle) {
    for (Entry& entry : entries_) {
      const uint32_t sender = std::exchange(entry.sender, 0);
      if (sender != 0) settle(sender, std::exchange(entry.cost, 0));
    }
  }

  // Descriptors that wait, of those that `sender` has sent.
  size_t FdsOf(uint32_t sender) const {
    size_t count = 0;
    for (const Entry& entry : entries_) {
      if (entry.fds_of == sender) count += entry.fds;
    }
    return count;
  }

  bool empty() const { return entries_.empty(); }
  // Of frames that are not written yet, or not wholly.
  uint64_t bytes() const { return bytes_; }

 private:
  static bool Joins(const Entry& last, const Entry& entry) {
    return last.sender == entry.sender && last.cost < kMergedCost &&
           (last.fds == 0 || entry.fds == 0 || last.fds_of == entry.fds_of);
  }

  std::deque<Entry> entries_;
  uint64_t bytes_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_DELIVERY_QUEUE_H_
