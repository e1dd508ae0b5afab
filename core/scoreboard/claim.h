// The claim: every handed-off connection is decided by exactly one side.
//
// The connections of a hand-off stream are numbered. StreamCell::claim holds
// the last number that is decided. The worker decides number n by moving the
// claim from n-1 to n: it has started n, or refused it. The primary decides
// everything it has sent at once by exchanging the claim for the last number
// sent: what lay above the old value is revoked, and the primary's again. Both
// are one atomic operation on one word, so no connection is ever started by one
// side and taken back by the other, and none falls between them, whether the
// worker runs, is stopped, or dies between any two instructions.
//
// Thread safety: as std::atomic; one worker and one primary per cell.
#ifndef CORE_SCOREBOARD_CLAIM_H_
#define CORE_SCOREBOARD_CLAIM_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/scoreboard/slot_page.h"

namespace cluster {

// Worker. Claims `number` to start it. False: the primary has revoked it; close
// the descriptor and forget it.
// REQUIRES: every lower number was started, refused or revoked.
inline bool ClaimToStart(StreamCell& cell, uint64_t number) {
  uint64_t expected = number - 1;
  // Sequentially consistent, as is the look at SlotPage::wanted that follows:
  // of a worker that makes room and a primary that asks for it, one sees the
  // other.
  return cell.claim.compare_exchange_strong(expected, number);
}

// Worker. Gives `number` back unstarted; the primary finds it in `refused`.
// False: it was revoked already. REQUIRES: as ClaimToStart.
inline bool ClaimToRefuse(StreamCell& cell, uint64_t number) {
  const uint64_t count = cell.refusals.load(std::memory_order_relaxed);
  cell.refused[count % kMaxUnstarted].store(number, std::memory_order_relaxed);
  // Before the claim: who sees the claim also sees the refusal. If the claim
  // then fails, the entry names a revoked number, which nobody looks up.
  cell.refusals.store(count + 1, std::memory_order_release);
  return ClaimToStart(cell, number);
}

// Primary. Returns the last decided number, bounded by what the primary knows:
// never below `known`, never above `sent`, whatever the worker wrote.
inline uint64_t Decided(const StreamCell& cell, uint64_t known, uint64_t sent) {
  return std::clamp(cell.claim.load(), known, sent);
}

// Primary. Revokes all that is undecided up to `sent`, and returns the last
// number that the worker had decided, bounded likewise.
inline uint64_t Revoke(StreamCell& cell, uint64_t known, uint64_t sent) {
  return std::clamp(
      cell.claim.exchange(sent, std::memory_order_acq_rel), known, sent);
}

}  // namespace cluster

#endif  // CORE_SCOREBOARD_CLAIM_H_
