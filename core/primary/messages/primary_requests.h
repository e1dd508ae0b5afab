// PrimaryRequests: what the primary has asked workers, and who is to be told of
// the replies.
//
// RequestTable keeps for all parties who asked whom. This is for the primary's
// own: it numbers them, and keeps what is to be called and until when. It calls
// nothing and reads no clock.
//
// Thread safety: none.
//
//   const uint64_t number = requests.Add(worker, deadline_ns, replied);
//   if (auto waiting = requests.Take(number)) waiting->replied(reply);
#ifndef CORE_PRIMARY_MESSAGES_PRIMARY_REQUESTS_H_
#define CORE_PRIMARY_MESSAGES_PRIMARY_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/statusor.h"
#include "core/primary/messages/mailbox_message.h"

namespace cluster {

class PrimaryRequests {
 public:
  using Replied = std::function<void(absl::StatusOr<MailboxMessage> reply)>;

  struct Waiting {
    uint64_t number = 0;
    uint32_t worker = 0;
    int64_t deadline_ns = 0;
    Replied replied;
  };

  // The number that the next one gets.
  uint64_t next_number() const { return next_number_; }
  // Adds a request to `worker`, whose time is up at `deadline_ns` on
  // CLOCK_MONOTONIC; kNeverNs: never. Returns its number.
  uint64_t Add(uint32_t worker, int64_t deadline_ns, Replied replied);
  // It waits no more. None if it did not.
  std::optional<Waiting> Take(uint64_t number);
  // The same for one whose time is up, the earliest first.
  std::optional<Waiting> TakeDue(int64_t now_ns);
  // When the next one's time is up; none if no time is set.
  std::optional<int64_t> next_deadline_ns() const;
  size_t size() const { return waiting_.size(); }

 private:
  uint64_t next_number_ = 1;
  absl::btree_map<uint64_t, Waiting> waiting_;
  absl::btree_set<std::pair<int64_t, uint64_t>> deadlines_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_PRIMARY_REQUESTS_H_
