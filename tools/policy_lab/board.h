// Board: what the policy sees of the workers, as of now or as of the last time
// that it was published.
//
// A worker's slot is its number. A worker that comes back gets a new key, and
// with it the last row.
//
// Thread safety: none.
#ifndef TOOLS_POLICY_LAB_BOARD_H_
#define TOOLS_POLICY_LAB_BOARD_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/policy.h"

namespace cluster::lab {

struct BoardConfig {
  uint32_t workers = 1;
  std::vector<uint32_t> weights = {};  // one for each worker; none: all are 1
  uint32_t capacity = UINT32_MAX;
  bool stale = false;       // show what was published, not what is
  bool shows_work = false;  // have a column for the work that is left
};

class Board {
 public:
  explicit Board(const BoardConfig& config);
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // What the policy sees. Valid until Remove() or Return().
  const Candidates& candidates() const { return candidates_; }

  // The workers, row by row.
  std::span<const uint32_t> workers() const { return slots_; }
  // The column of work, to be filled: what is shown, row by row.
  std::span<int64_t> work_ns() { return work_ns_; }

  // Changes what the worker has now. One that is away has nothing to change.
  void ChangeInFlight(uint32_t worker, int32_t by) {
    const uint32_t row = rows_[worker];
    if (row == kNoRow) return;
    in_flight_[row] += static_cast<uint32_t>(by);
    total_ += static_cast<uint64_t>(int64_t{by});
    if (!config_.stale) candidates_.total_in_flight = total_;
  }
  void ChangeRequests(uint32_t worker, int32_t by) {
    const uint32_t row = rows_[worker];
    if (row != kNoRow) requests_[row] += static_cast<uint32_t>(by);
  }

  bool present(uint32_t worker) const { return rows_[worker] != kNoRow; }
  // REQUIRES: the worker is present.
  uint64_t key(uint32_t worker) const { return keys_[rows_[worker]]; }
  uint32_t in_flight(uint32_t worker) const {
    return in_flight_[rows_[worker]];
  }

  // Shows what is now, if the board is stale.
  void Publish();

  // The worker is gone, or is back and has nothing. Either is published.
  void Remove(uint32_t worker);
  void Return(uint32_t worker);

 private:
  static constexpr uint32_t kNoRow = UINT32_MAX;

  void Append(uint32_t worker);
  void Show();

  BoardConfig config_;
  uint64_t next_key_ = 1;
  uint64_t version_ = 1;        // of who is there
  std::vector<uint32_t> rows_;  // by worker
  // The columns, by row.
  std::vector<uint64_t> keys_;
  std::vector<uint32_t> slots_;
  std::vector<uint32_t> weights_;
  std::vector<uint32_t> capacities_;
  std::vector<uint32_t> in_flight_;
  std::vector<uint32_t> requests_;
  std::vector<uint32_t> shown_in_flight_;
  std::vector<uint32_t> shown_requests_;
  std::vector<int64_t> work_ns_;
  // Of in_flight_ and shown_in_flight_.
  uint64_t total_ = 0;
  uint64_t shown_total_ = 0;
  Candidates candidates_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_BOARD_H_
