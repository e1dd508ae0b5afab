// Ledger: what became of every connection the primary accepted.
//
// Each ends in exactly one state, so that at any time
//
//   accepted = completed + refused + lost + expired + live
//
// where `live` is counted by whoever holds the connections. A difference is a
// bug, and imbalance() is a metric so that it is seen.
//
// Thread safety: none; confined to the primary's loop.
//
//   ledger.Accepted(batch.size());
//   ledger.Completed(n);
//   if (ledger.imbalance(live) != 0) Warn(ledger.Summary());
#ifndef CORE_PRIMARY_CONNECTIONS_LEDGER_H_
#define CORE_PRIMARY_CONNECTIONS_LEDGER_H_

#include <cstdint>
#include <string>

namespace cluster {

class Ledger {
 public:
  // Records `n` accepted connections.
  void Accepted(uint64_t n = 1) { accepted_ += n; }

  // Each records that `n` connections have reached their final state:
  // the plugin started and closed them,
  void Completed(uint64_t n = 1) { completed_ += n; }
  // they were closed without being started, on purpose (shed, worker's no),
  void Refused(uint64_t n = 1) { refused_ += n; }
  // their worker died after it had started them,
  void Lost(uint64_t n = 1) { lost_ += n; }
  // they waited in the pending queue beyond their deadline.
  void Expired(uint64_t n = 1) { expired_ += n; }

  // Records that `n` connections went from one worker to another. An event,
  // not a final state: a connection may be re-dispatched any number of times.
  void Redispatched(uint64_t n = 1) { redispatched_ += n; }

  uint64_t accepted() const { return accepted_; }
  uint64_t completed() const { return completed_; }
  uint64_t refused() const { return refused_; }
  uint64_t lost() const { return lost_; }
  uint64_t expired() const { return expired_; }
  uint64_t redispatched() const { return redispatched_; }

  // Returns accepted - (final states + live), which must be 0. More: some
  // connections are nowhere. Less: some have ended twice.
  int64_t imbalance(uint64_t live) const;

  // Returns one line: "accepted 9 = completed 4 + refused 1 + lost 0 +
  // expired 1 + live 3; re-dispatched 2". `live` is what the rest leaves.
  std::string Summary() const;

 private:
  uint64_t accepted_ = 0;
  uint64_t completed_ = 0;
  uint64_t refused_ = 0;
  uint64_t lost_ = 0;
  uint64_t expired_ = 0;
  uint64_t redispatched_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_LEDGER_H_
