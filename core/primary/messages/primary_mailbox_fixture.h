// PrimaryMailboxTest: a mailbox on a router with four workers whose frames are
// kept, for tests.
#ifndef CORE_PRIMARY_MESSAGES_PRIMARY_MAILBOX_FIXTURE_H_
#define CORE_PRIMARY_MESSAGES_PRIMARY_MAILBOX_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/message_router_fixture.h"
#include "core/primary/messages/primary_mailbox.h"
#include "core/primary/messages/request_table.h"

namespace cluster {

// Workers 1 to 4 and the primary.
class PrimaryMailboxTest : public MessageRouterTest,
                           public PrimaryMailbox::Carrier {
 protected:
  using Codes = std::vector<absl::StatusCode>;

  PrimaryMailboxTest() {
    for (uint32_t id = 1; id <= 4; ++id) mailbox_.Add(id);
    mailbox_.Open();
  }

  void QueueForPrimary(FrameType type,
                       Span head,
                       Span rest,
                       std::vector<UniqueFd> fds) override {
    mailbox_.inbox().Add(type, head, rest, std::move(fds));
  }
  uint64_t QueueOfPrimary(uint32_t to,
                          FrameType type,
                          Span head,
                          const MessagePayload& rest,
                          std::vector<UniqueFd> fds) override {
    return Queue(to, type, head, rest.span(), std::move(fds));
  }
  absl::StatusOr<UniqueFd> CopyFd(const UniqueFd& fd) override {
    return MessageRouterTest::CopyFd(fd);
  }
  void CallSoon() override { called_soon_ = true; }
  void WakeAt(int64_t at_ns) override { wake_at_ns_ = at_ns; }
  int64_t NowNs() override { return now_ns_; }
  void Trouble(const std::string& text) override { troubles_.push_back(text); }

  void Hear() {
    mailbox_.OnMessage([this](MailboxMessage& message) { Note(message); });
    Turn();
  }
  void Note(MailboxMessage& message) {
    heard_.push_back({message.worker, TextOf(message), message.request});
    if (take_fds_) taken_ = std::move(message.fds);
  }
  // One turn of the loop, if one was asked for.
  void Turn() {
    if (std::exchange(called_soon_, false)) mailbox_.OnTurn();
  }
  // Until none is asked for. Returns how many there were.
  int TurnsThatFollow() {
    int turns = 0;
    for (; called_soon_; ++turns) Turn();
    return turns;
  }
  // Worker 1 begins a message of `total_bytes` to the primary, and says as much
  // of it as `bytes`.
  void TellLarge(size_t total_bytes, size_t bytes) {
    const std::string part(100'000, 'x');
    ASSERT_TRUE(Tell({.total_bytes = total_bytes}, "").ok());
    while (bytes > 0) {
      const size_t count = std::min(bytes, part.size());
      ASSERT_TRUE(SayPart(1, part.substr(0, count)).ok());
      ASSERT_TRUE(mailbox_.ReadInbox().ok());
      Read(1);
      said_.clear();
      sent_.clear();
      bytes -= count;
    }
  }
  // Worker `from` says something to the primary.
  absl::Status Tell(MessageHead head, const std::string& text, size_t fds = 0) {
    head.to = MessageTo::kPrimary;
    const absl::Status status = Say(1, head, text, fds);
    EXPECT_TRUE(mailbox_.ReadInbox().ok());
    return status;
  }
  // The kernel takes all that was queued for `worker`.
  void Written(uint32_t worker) {
    Read(worker);
    mailbox_.OnWritten(worker, ends_[worker]);
  }
  void Die(uint32_t worker) {
    router_.Remove(worker);
    EXPECT_TRUE(mailbox_.ReadInbox().ok());
    mailbox_.Remove(worker);
  }
  // Lets the kernel take all that is held for `worker`.
  void Drain(uint32_t worker) {
    do {
      Written(worker);
      Turn();
    } while (mailbox_.UnsentBytes(worker) > 0 || called_soon_);
  }
  MessageDone Done() {
    return
        [this](const absl::Status& status) { done_.push_back(status.code()); };
  }
  PrimaryMailbox::Replied Replied() {
    return [this](absl::StatusOr<MailboxMessage> reply) {
      replies_.push_back(reply.ok()
                             ? TextOf(*reply)
                             : absl::StatusCodeToString(reply.status().code()));
    };
  }
  static std::string TextOf(const MailboxMessage& message) {
    return {reinterpret_cast<const char*>(message.bytes.data()),
            message.bytes.size()};
  }
  using MessageRouterTest::TextOf;

  struct Heard {
    uint32_t worker;
    std::string text;
    RequestKey request;
  };

  bool called_soon_ = false;
  bool take_fds_ = false;
  int64_t wake_at_ns_ = 0;
  int64_t now_ns_ = 1'000;
  std::vector<Heard> heard_;
  std::vector<UniqueFd> taken_;
  Codes done_;
  std::vector<std::string> replies_;
  PrimaryMailbox mailbox_{router_, *this};
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_PRIMARY_MAILBOX_FIXTURE_H_
