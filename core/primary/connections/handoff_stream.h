// HandoffStream: the primary's end of one slot's connections from one listener.
//
// A SOCK_SEQPACKET pair, a new one for each worker. The primary sends batches
// of connections into one end and keeps the other as well: it is copied to the
// worker, and it is what the primary empties when it takes back. Connections
// are numbered; until a number is decided (core/scoreboard/claim.h) the primary
// keeps its own descriptor, so that a connection nobody started can be given to
// another worker.
//
// Thread safety: none. Lifetime: the StreamCell must outlive the stream.
//
//   stream.Queue(std::move(connection), now_ns);
//   stream.Flush(&unsent);         // one sendmsg a batch
//   stream.Release(&refused);      // closes what the worker has started
//   stream.TakeBack(&returned);    // recovers what it has not
#ifndef CORE_PRIMARY_CONNECTIONS_HANDOFF_STREAM_H_
#define CORE_PRIMARY_CONNECTIONS_HANDOFF_STREAM_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/primary/connections/accepted_connection.h"
#include "core/scoreboard/slot_page.h"

namespace cluster {

class HandoffStream {
 public:
  using Connections = std::vector<AcceptedConnection>;

  // Makes the pair and clears the cell, whatever stands there. Errors: the
  // kernel's.
  static absl::StatusOr<std::unique_ptr<HandoffStream>> Create(
      StreamCell& cell);

  // The receiving end, to copy to the slot's next worker.
  int receiver() const { return receiver_.get(); }

  // Adds a connection to the batch. REQUIRES: unstarted() < kMaxUnstarted.
  void Queue(AcceptedConnection connection, int64_t now_ns);

  // Sends the batch. What the kernel did not take (its buffer or its count of
  // descriptors in flight is full) is appended to `unsent`, oldest first, and
  // the errno returned; 0 if all went out.
  int Flush(Connections* unsent);

  // Closes the primary's copies of what the worker has started since the last
  // call, and appends to `refused` what it gave back. Returns how many it
  // started.
  size_t Release(Connections* refused);

  // Revokes all that was sent and not decided, and appends it to `returned`,
  // oldest first, together with what the worker refused before. Returns how
  // many it had started since the last Release(). The worker can never start
  // those.
  size_t TakeBack(Connections* returned);

  // Writes the cell as the primary knows it, for the slot's next worker.
  // REQUIRES: the worker is dead and all was taken back from it.
  void RestoreCell();

  // Replaces the pair: processes that the worker left behind may hold the end
  // that it read from, or it has shut it down. If the kernel has no new pair,
  // the old one stays. REQUIRES: as RestoreCell.
  void Renew();

  // Sends a message without connections: the worker answers it with a Room
  // frame as soon as it runs (SlotPage::wanted must be set before). False if
  // the kernel refused.
  bool SendProbe();

  // The number of the last connection sent.
  uint64_t sent() const { return sent_; }
  // Connections queued or sent that are not known to be decided.
  uint64_t unstarted() const { return sent_ + queued_ - released_; }
  // When the oldest of them was queued. REQUIRES: unstarted() > 0.
  int64_t oldest_queued_ns() const { return At(released_ + 1).queued_ns; }

 private:
  struct Retained {
    AcceptedConnection connection;
    int64_t queued_ns = 0;
  };

  HandoffStream(UniqueFd sender, UniqueFd receiver, StreamCell& cell)
      : sender_(std::move(sender)),
        receiver_(std::move(receiver)),
        cell_(cell) {}

  Retained& At(uint64_t number) { return ring_[number % kMaxUnstarted]; }
  const Retained& At(uint64_t number) const {
    return ring_[number % kMaxUnstarted];
  }
  // Sends numbers sent_+1 to sent_+count. Returns 0 or the errno.
  int SendBatch(size_t count);
  size_t ReleaseUpTo(uint64_t decided, Connections* refused);

  UniqueFd sender_;
  UniqueFd receiver_;
  StreamCell& cell_;
  uint64_t sent_ = 0;
  uint64_t queued_ = 0;    // behind sent_, not yet sent
  uint64_t released_ = 0;  // all up to here are no longer ours
  uint64_t refusals_seen_ = 0;
  std::array<Retained, kMaxUnstarted> ring_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_HANDOFF_STREAM_H_
