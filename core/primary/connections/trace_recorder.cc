#include "core/primary/connections/trace_recorder.h"

#include <algorithm>
#include <utility>

namespace cluster {

TraceRecorder::Worker& TraceRecorder::WorkerOf(uint32_t slot) {
  if (slot >= workers_.size()) workers_.resize(slot + size_t{1});
  return workers_[slot];
}

void TraceRecorder::Placed(uint64_t id,
                           int64_t accepted_ns,
                           uint64_t key,
                           uint32_t slot) {
  // Those beyond the capacity are kept in the worker's order, too: they end.
  WorkerOf(slot).ids.push_back(id);
  if (id > capacity_) {
    ++placed_;
    return;
  }
  if (id > entries_.size()) entries_.resize(id);
  Entry& entry = entries_[id - 1];
  if (!entry.open) ++placed_;
  entry = {.row = {.arrival_ns = accepted_ns, .service_ns = 0, .key = key},
           .slot = slot,
           .open = true};
}

TraceRecorder::Entry* TraceRecorder::TakeOldest(uint32_t slot) {
  std::deque<uint64_t>& ids = WorkerOf(slot).ids;
  while (!ids.empty()) {
    const uint64_t id = ids.front();
    ids.pop_front();
    if (id > entries_.size()) return nullptr;
    Entry& entry = entries_[id - 1];
    if (entry.slot == slot && !entry.ended) return &entry;
  }
  return nullptr;
}

void TraceRecorder::Saw(uint32_t slot, uint64_t finished, uint64_t lasted_ns) {
  Worker& worker = WorkerOf(slot);
  const uint64_t count = finished - std::exchange(worker.finished, finished);
  const uint64_t total = lasted_ns - std::exchange(worker.lasted_ns, lasted_ns);
  for (uint64_t i = 0; i < count; ++i) {
    Entry* const entry = TakeOldest(slot);
    if (entry == nullptr) continue;
    entry->row.service_ns = static_cast<int64_t>(total / count);
    entry->ended = true;
  }
}

void TraceRecorder::Forget(uint32_t slot) { WorkerOf(slot).ids.clear(); }

std::vector<TraceRow> TraceRecorder::Take() {
  std::vector<TraceRow> rows;
  for (const Entry& entry : entries_) {
    if (entry.ended) rows.push_back(entry.row);
  }
  entries_.clear();
  entries_.shrink_to_fit();
  std::ranges::sort(rows, {}, &TraceRow::arrival_ns);
  for (size_t i = rows.size(); i-- > 0;) {
    rows[i].arrival_ns -= rows[0].arrival_ns;
  }
  return rows;
}

}  // namespace cluster
