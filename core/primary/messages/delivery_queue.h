// DeliveryQueue: what one worker has been sent of others and has not read, and
// whose window it is charged to.
//
// Positions count the bytes of the worker's channel from its beginning, as
// UnixChannel::written_bytes() does.
//
// Thread safety: none.
//
//   queue.Add({.end = position, .sender = 3, .cost = 90, .bytes = 90});
//   queue.PopWritten(written, [&](uint32_t sender, uint64_t cost) { ... });
#ifndef CORE_PRIMARY_MESSAGES_DELIVERY_QUEUE_H_
#define CORE_PRIMARY_MESSAGES_DELIVERY_QUEUE_H_

#include <algorithm>
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
  };
  // Those of one sender in a row are one entry, up to about this cost: an
  // allocation for many small messages.
  static constexpr uint64_t kMergedCost = uint64_t{64} << 10;

  void Add(const Entry& entry) {
    bytes_ += entry.bytes;
    if (!entries_.empty() && entries_.back().sender == entry.sender &&
        entries_.back().cost < kMergedCost) {
      Entry& last = entries_.back();
      last.end = entry.end;
      last.cost += entry.cost;
      last.bytes += entry.bytes;
      return;
    }
    entries_.push_back(entry);
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

  bool empty() const { return entries_.empty(); }
  // Of frames that are not written yet, or not wholly.
  uint64_t bytes() const { return bytes_; }

 private:
  std::deque<Entry> entries_;
  uint64_t bytes_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_DELIVERY_QUEUE_H_
