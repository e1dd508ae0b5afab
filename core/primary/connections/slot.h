// Slot: one of the host's places for a worker, with what outlives each worker
// in it: the scoreboard page, the hand-off streams and the counts.
//
// Thread safety: none. Lifetime: as long as the primary.
#ifndef CORE_PRIMARY_CONNECTIONS_SLOT_H_
#define CORE_PRIMARY_CONNECTIONS_SLOT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/control/data_path.h"
#include "core/primary/connections/handoff_stream.h"
#include "core/scoreboard/slot_memory.h"
#include "core/scoreboard/slot_page.h"

namespace cluster {

class Slot {
 public:
  // Makes the page and, unless for share, streams for the first `listeners`.
  static absl::StatusOr<std::unique_ptr<Slot>> Create(uint32_t index,
                                                      size_t listeners,
                                                      DataPath data_path);

  uint32_t index() const { return index_; }
  // Returns which worker of the slot the next one is, from 1.
  uint32_t NextGeneration() { return ++generation_; }
  const SlotMemory& memory() const { return memory_; }
  SlotPage& page() const { return memory_.page(); }
  // REQUIRES: has_stream(listener).
  HandoffStream& stream(size_t listener) const { return *streams_[listener]; }
  bool has_stream(size_t listener) const {
    return streams_[listener] != nullptr;
  }
  // All streams are below it.
  size_t stream_count() const;
  // Makes a stream, unless there is one. Nothing that a worker wrote to its
  // cell before counts. Errors: the kernel's.
  absl::Status AddStream(size_t listener);
  // Closes it. REQUIRES: all was taken back from it.
  void DropStream(size_t listener);

  // Connections that the slot's workers were ever sent, by all listeners.
  uint64_t handed_off() const;

  // Connections sent here, or accepted here, and not finished.
  uint32_t in_flight() const { return static_cast<uint32_t>(open()); }
  uint64_t assigned() const { return assigned_ + accepted_by_worker_; }
  uint64_t finished() const { return finished_; }
  // Open when their workers died.
  uint64_t lost() const { return lost_; }
  uint64_t accepted_by_worker() const { return accepted_by_worker_; }

  // Requests that run here, by the worker's word.
  uint64_t requests() const { return requests_; }
  // Read and written on connections, by all workers of the slot.
  uint64_t bytes_received() const { return bytes_received_.total(); }
  uint64_t bytes_sent() const { return bytes_sent_.total(); }
  // How long the finished connections lasted, together, by the workers' word.
  uint64_t lasted_ns() const { return lasted_ns_.total(); }

  void AddAssigned(size_t count) { assigned_ += count; }
  void AddReturned(size_t count) { assigned_ -= count; }
  // How many connections the worker here has started, by the claims.
  void AddStarted(size_t count) { started_ += count; }

  // Reads the worker's counters, bounded by what can be true.
  void ReadCounters();

  // The worker is dead: what it had started and not finished is lost, and the
  // slot's next worker finds the page as the primary knows it, and streams of
  // its own, whatever this one left there. Returns how many are lost. REQUIRES:
  // what it had not started was taken back.
  uint64_t CloseBooks();

  // Full: the worker gave connections back because it has no room. It stays so
  // until one ends, or for 100 ms.
  void MarkFull(int64_t now_ns) {
    full_since_ns_ = now_ns;
    finished_when_full_ = finished_;
    full_ = true;
  }
  bool full(int64_t now_ns) const;

  // Asks the worker to say when it has room (SlotPage::wanted).
  void AskForRoom() {
    asked_ = true;
    page().wanted.store(1);
  }
  // True if it was asked; an answer to nothing is no reason to do anything.
  bool TakeAnswer() { return std::exchange(asked_, false); }

  // Suspect: connections of `listener` were taken back from it, and it has not
  // shown life since. A probe asks it to.
  void MarkSuspect(size_t listener);
  void ShowsLife() {
    suspect_ = false;
    probe_due_ = nullptr;
  }
  // Sends the probe if the kernel refused it so far. Call now and then: without
  // one, nothing asks a suspect that is idle.
  void SendDueProbe() {
    if (probe_due_ != nullptr && probe_due_->SendProbe()) probe_due_ = nullptr;
  }
  bool suspect() const { return suspect_; }

 private:
  uint64_t open() const { return assigned() - finished_ - lost_; }
  void PrepareForNext();

  Slot(uint32_t index, SlotMemory memory, DataPath data_path)
      : index_(index), data_path_(data_path), memory_(std::move(memory)) {}

  // A count that each worker of the slot begins anew.
  class Count {
   public:
    // Takes in the worker's word: it never falls, and has a bound.
    void Read(uint64_t value);
    void Retire() { retired_ += std::exchange(current_, 0); }
    uint64_t total() const { return retired_ + current_; }

   private:
    uint64_t retired_ = 0;
    uint64_t current_ = 0;
  };

  const uint32_t index_;
  const DataPath data_path_;
  const SlotMemory memory_;
  uint32_t generation_ = 0;
  // By listener; null where there is none.
  std::array<std::unique_ptr<HandoffStream>, kMaxListeners> streams_;
  uint64_t sent_by_dropped_ = 0;     // by streams that are gone
  uint64_t assigned_ = 0;            // sent, less what came back
  uint64_t accepted_by_worker_ = 0;  // not in `handoff`
  uint64_t started_ = 0;
  uint64_t finished_ = 0;
  uint64_t lost_ = 0;
  uint64_t requests_ = 0;
  Count bytes_received_;
  Count bytes_sent_;
  Count lasted_ns_;
  bool full_ = false;
  int64_t full_since_ns_ = 0;
  uint64_t finished_when_full_ = 0;
  bool suspect_ = false;
  HandoffStream* probe_due_ = nullptr;  // on it
  bool asked_ = false;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_SLOT_H_
