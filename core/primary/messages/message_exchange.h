// MessageExchange: carries the messages of plugins between the workers'
// channels, as MessageRouter decides.
//
// It writes when a turn of reading ends, so that the many small messages of one
// turn go to each receiver in one call. What the primary itself sends is
// written in the next turn of the loop, for the same reason; mailbox() is how.
//
// Thread safety: the io_context's thread. Lifetime: a worker must be removed
// before it is destroyed.
//
//   exchange.Add(worker);
//   if (MessageExchange::Takes(frame)) {
//     return exchange.OnFrame(worker, std::move(frame));
//   }
#ifndef CORE_PRIMARY_MESSAGES_MESSAGE_EXCHANGE_H_
#define CORE_PRIMARY_MESSAGES_MESSAGE_EXCHANGE_H_

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/duplicate_fd.h"
#include "core/base/monotonic_clock.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/event_loop/alarm.h"
#include "core/event_loop/next_turn.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/message_router.h"
#include "core/primary/messages/primary_mailbox.h"
#include "core/primary/workers/worker_process.h"
#include "ipc/frame.h"

namespace cluster {

class MessageExchange : private MessageRouter::Out,
                        private PrimaryMailbox::Carrier {
 public:
  using TroubleFunction = std::function<void(const std::string&)>;

  // `trouble` is told what whoever runs the host should know.
  MessageExchange(boost::asio::io_context& io, TroubleFunction trouble);

  // Messages can be sent to the worker until it is removed, which its end does.
  void Add(WorkerProcess& worker);
  void Remove(WorkerProcess& worker);

  // The primary as a party.
  PrimaryMailbox& mailbox() { return mailbox_; }

  static bool Takes(const Frame& frame);
  // REQUIRES: Takes(frame). Errors: what the worker did against the protocol.
  absl::Status OnFrame(WorkerProcess& worker, Frame frame);
  // See WorkerOwner.
  void OnTurnEnd() {
    read_bytes_ = 0;
    Flush();
  }
  void OnWritten(WorkerProcess& worker);

 private:
  uint64_t Queue(uint32_t to,
                 FrameType type,
                 std::span<const std::byte> head,
                 std::span<const std::byte> rest,
                 std::vector<UniqueFd> fds) override;
  void QueueForPrimary(FrameType type,
                       std::span<const std::byte> head,
                       std::span<const std::byte> rest,
                       std::vector<UniqueFd> fds) override {
    mailbox_.inbox().Add(type, head, rest, std::move(fds));
  }
  uint64_t QueueOfPrimary(uint32_t to,
                          FrameType type,
                          std::span<const std::byte> head,
                          const MessagePayload& rest,
                          std::vector<UniqueFd> fds) override;
  // Of both.
  absl::StatusOr<UniqueFd> CopyFd(const UniqueFd& fd) override {
    return DuplicateFd(fd.get());
  }
  void CallSoon() override { next_turn_.Ask(); }
  void WakeAt(int64_t at_ns) override;
  int64_t NowNs() override { return MonotonicNs(); }
  void Trouble(const std::string& text) override { trouble_(text); }

  absl::Status Route(uint32_t id, Frame frame);
  WorkerProcess& UnflushedWorker(uint32_t id);
  void Flush() override;
  void ScheduleTick();

  const TroubleFunction trouble_;
  MessageRouter router_{*this};
  PrimaryMailbox mailbox_{router_, *this};
  struct Member {
    WorkerProcess* worker = nullptr;
    bool is_unflushed = false;  // and in unflushed_
  };
  absl::btree_map<uint32_t, Member> workers_;  // by id
  std::vector<uint32_t> unflushed_;
  bool flushing_ = false;
  size_t read_bytes_ = 0;  // since the last flush
  Alarm tick_;
  Alarm deadline_;
  NextTurn next_turn_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_MESSAGE_EXCHANGE_H_
