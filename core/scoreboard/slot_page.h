// SlotPage: the memory that a slot's worker shares with the primary.
//
// One sealed memfd a slot, mapped by both. It outlives the worker, so counters
// and claims pass to the slot's next one. The worker is not trusted: whatever
// the primary reads here it bounds by what it knows itself (see claim.h).
//
// Plain data, no pointers; magic, version and size come first. Each word has
// one writer, except `claim`, on which both meet (claim.h says how), and
// `wanted`. What is said to be this worker's begins at zero for each.
//
// Thread safety: every word is atomic and lock-free.
#ifndef CORE_SCOREBOARD_SLOT_PAGE_H_
#define CORE_SCOREBOARD_SLOT_PAGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cluster {

inline constexpr uint64_t kSlotPageMagic = 0x314547415054'4c53;  // "SLTPAGE1"
inline constexpr uint32_t kSlotPageVersion = 3;

// Listeners a host can have.
inline constexpr size_t kMaxListeners = 16;

// Cells for metrics of plugins, CLUSTER_MAX_METRIC_CELLS of the ABI.
inline constexpr size_t kMaxMetricCells = 384;

// A worker never holds more connections of one listener that it has not started
// than this, so `refused` below never overwrites what the primary has not read.
inline constexpr size_t kMaxUnstarted = 256;

// The state of one hand-off stream: one slot, one listener. Connections are
// numbered 1, 2, 3, … in the order in which the primary sends them.
struct alignas(64) StreamCell {
  // The last number that is decided: started by the worker or revoked by the
  // primary. Everything above it nobody has started.
  std::atomic<uint64_t> claim;
  // How many entries `refused` has ever got. Raised before `claim`. Worker.
  std::atomic<uint64_t> refusals;
  std::atomic<uint64_t> reserved[6];
  // The numbers the worker claimed without starting them, as a ring.
  std::atomic<uint64_t> refused[kMaxUnstarted];
};

struct SlotPage {
  uint64_t magic;
  uint32_t version;
  uint32_t size_bytes;
  uint64_t reserved[6];

  // Counters over the slot's life. Worker.
  // Given to the plugin; for the worker's own count, as the primary goes by the
  // claims and `accepted`.
  alignas(64) std::atomic<uint64_t> started;
  std::atomic<uint64_t> completed;  // closed by the plugin
  std::atomic<uint64_t> accepted;   // by the worker itself (share)
  std::atomic<uint64_t> reserved_counters[5];

  // Set by the primary when it waits for room, cleared by the worker, which
  // then sends one frame on the control channel.
  alignas(64) std::atomic<uint32_t> wanted;

  // What this worker says of itself; the worker writes, any of its threads.
  alignas(64) std::atomic<uint32_t> phase;  // PluginPhase (plugin_phase.h)
  std::atomic<uint32_t> reserved_phase;
  std::atomic<int64_t> requests;         // that run now
  std::atomic<uint64_t> bytes_received;  // on connections
  std::atomic<uint64_t> bytes_sent;
  std::atomic<uint64_t> heartbeat_ns;  // CLOCK_MONOTONIC; 0: there was none
  // The time that its connections lasted, from when the plugin got them to
  // their end, together. Raised before `completed`.
  std::atomic<uint64_t> lasted_ns;
  std::atomic<uint64_t> reserved_worker[2];

  // Counts and the bits of doubles; the primary is told by frames which is
  // what.
  std::atomic<uint64_t> metric_cells[kMaxMetricCells];

  StreamCell streams[kMaxListeners];
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(sizeof(StreamCell) == 64 + 8 * kMaxUnstarted);
static_assert(offsetof(SlotPage, started) == 64);
static_assert(offsetof(SlotPage, wanted) == 128);
static_assert(offsetof(SlotPage, phase) == 192);
static_assert(offsetof(SlotPage, metric_cells) == 256);
static_assert(offsetof(SlotPage, streams) == 256 + 8 * kMaxMetricCells);

}  // namespace cluster

#endif  // CORE_SCOREBOARD_SLOT_PAGE_H_
