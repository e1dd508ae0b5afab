// TraceRecorder: what arrived at the dispatchers, and how long it took, for the
// policy lab to replay.
//
// When a connection was accepted, and whose it is, it knows exactly. How long
// it lasted only its worker knows, which tells how many have ended and how long
// those lasted together: each is taken to have lasted their mean, and those
// that a worker has had longest are taken to be those that ended. So sums and,
// where reports are of one connection, the times themselves are exact; which of
// several that were open at a time had which may be exchanged.
//
// Keeps at most `capacity` connections, the first, in 40 bytes each. It touches
// no file: what was recorded is written when nothing is served any more.
//
// Thread safety: none; the io_context's thread.
//
//   recorder.Placed(id, accepted_ns, key, slot.index());
//   recorder.Saw(slot.index(), slot.finished(), slot.lasted_ns());
//   for (const TraceRow& row : recorder.Take()) writer.Write(row);
#ifndef CORE_PRIMARY_CONNECTIONS_TRACE_RECORDER_H_
#define CORE_PRIMARY_CONNECTIONS_TRACE_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/trace/trace_row.h"

namespace cluster {

class TraceRecorder {
 public:
  explicit TraceRecorder(size_t capacity) : capacity_(capacity) {}

  // A worker of `slot` was given the connection; it may have been another's
  // before. Ids count from 1 in the order in which connections were accepted.
  void Placed(uint64_t id, int64_t accepted_ns, uint64_t key, uint32_t slot);
  // The slot's workers have finished so many in all, in so long together.
  void Saw(uint32_t slot, uint64_t finished, uint64_t lasted_ns);
  // The slot's worker is dead: what it had and did not finish never ends.
  void Forget(uint32_t slot);

  // Returns what has ended, in the order of arrival, the first at 0; and
  // forgets it.
  std::vector<TraceRow> Take();
  // How many connections were placed: more than Take() returns if some have not
  // ended, or there was no room.
  uint64_t placed() const { return placed_; }

 private:
  struct Entry {
    TraceRow row;
    uint32_t slot = 0;
    bool open = false;
    bool ended = false;
  };
  struct Worker {
    std::deque<uint64_t> ids;  // may be another's by now, or ended
    uint64_t finished = 0;
    uint64_t lasted_ns = 0;
  };
  Worker& WorkerOf(uint32_t slot);
  // Null if none is left that is known.
  Entry* TakeOldest(uint32_t slot);

  const size_t capacity_;
  std::vector<Entry> entries_;   // by id
  std::vector<Worker> workers_;  // by slot
  uint64_t placed_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_TRACE_RECORDER_H_
