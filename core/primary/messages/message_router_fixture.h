// MessageRouterTest: a router and four workers whose frames are kept, for
// tests.
#ifndef CORE_PRIMARY_MESSAGES_MESSAGE_ROUTER_FIXTURE_H_
#define CORE_PRIMARY_MESSAGES_MESSAGE_ROUTER_FIXTURE_H_

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/duplicate_fd.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_router.h"

namespace cluster {

// Workers 1 to 4 in slots 0 to 3, whose frames are kept.
class MessageRouterTest : public ::testing::Test, public MessageRouter::Out {
 protected:
  using Span = std::span<const std::byte>;

  struct Sent {
    uint32_t to;
    FrameType type;
    std::vector<std::byte> payload;
    size_t fds;
  };

  MessageRouterTest() {
    for (uint32_t id = 1; id <= 4; ++id) router_.Add(id, id - 1);
  }

  uint64_t Queue(uint32_t to,
                 FrameType type,
                 Span head,
                 Span rest,
                 std::vector<UniqueFd> fds) override {
    Sent& sent = sent_.emplace_back(Sent{to, type, {}, fds.size()});
    sent.payload.assign(head.begin(), head.end());
    sent.payload.insert(sent.payload.end(), rest.begin(), rest.end());
    return ends_[to] += 24 + sent.payload.size();
  }
  void QueueForPrimary(FrameType type,
                       Span head,
                       Span rest,
                       std::vector<UniqueFd> fds) override {
    Queue(kPrimaryId, type, head, rest, std::move(fds));
  }
  absl::StatusOr<UniqueFd> CopyFd(const UniqueFd& fd) override {
    return DuplicateFd(fd.get());
  }
  // Those who read at once, do.
  void Flush() override {
    for (const uint32_t id : prompt_) Read(id);
  }
  void Trouble(const std::string& text) override { troubles_.push_back(text); }

  static std::vector<UniqueFd> SomeFds(size_t count) {
    std::vector<UniqueFd> fds;
    for (size_t i = 0; i < count; ++i) {
      fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    return fds;
  }

  absl::Status Say(uint32_t from,
                   MessageHead head,
                   const std::string& text,
                   size_t fds = 0,
                   size_t lost_fds = 0) {
    if (head.total_bytes == 0) head.total_bytes = text.size();
    std::vector<std::byte>& payload = said_.emplace_back();
    for (const Span piece : {BytesOf(head), std::as_bytes(std::span(text))}) {
      payload.insert(payload.end(), piece.begin(), piece.end());
    }
    std::vector<UniqueFd> came = SomeFds(fds);
    came.resize(fds + lost_fds);
    return router_.OnMessage(from, payload, std::move(came));
  }
  absl::Status SayPart(uint32_t from, const std::string& text) {
    const Span bytes = std::as_bytes(std::span(text));
    said_.emplace_back(bytes.begin(), bytes.end());
    return router_.OnPart(from, said_.back());
  }
  absl::Status Ask(uint32_t from, uint32_t worker, uint64_t request) {
    return Say(from,
               {.to = MessageTo::kWorker, .number = worker, .request = request},
               "?");
  }
  absl::Status Answer(uint32_t from, uint32_t asker, uint64_t request) {
    return Say(from,
               {.to = MessageTo::kAsker, .number = asker, .request = request},
               "!");
  }
  absl::Status Forget(uint32_t from, uint64_t request) {
    const ForgetRequest forget = {.request = request};
    return router_.OnForget(from, BytesOf(forget));
  }

  // All that was queued for `worker` has been written.
  void Read(uint32_t worker) { router_.OnWritten(worker, ends_[worker]); }
  void ReadAll() {
    for (int i = 0; i < 3; ++i) {
      for (uint32_t id = 1; id <= 4; ++id) Read(id);
    }
  }

  // Says as much as the window lets through. Returns how many messages.
  size_t Fill(uint32_t from, MessageHead head) {
    const std::string text(1000, 'x');
    size_t count = 0;
    while (Say(from, head, text).ok()) ++count;
    return count;
  }

  template <class Head>
  static Head HeadOf(const Sent& sent) {
    Span payload = sent.payload;
    return TakeHead<Head>(&payload).value_or(Head());
  }
  static std::string TextOf(const Sent& sent) {
    const size_t head = sent.type == FrameType::kDelivery ? sizeof(DeliveryHead)
                                                          : sizeof(PartHead);
    const auto* text = reinterpret_cast<const char*>(sent.payload.data());
    return std::string(text + head, sent.payload.size() - head);
  }
  // Who got a frame of `type`, in order.
  std::vector<uint32_t> Receivers(FrameType type) const {
    std::vector<uint32_t> receivers;
    for (const Sent& sent : sent_) {
      if (sent.type == type) receivers.push_back(sent.to);
    }
    return receivers;
  }
  using Ids = std::vector<uint32_t>;

  std::vector<uint32_t> prompt_;  // ids
  std::vector<Sent> sent_;
  std::map<uint32_t, uint64_t> ends_;
  std::vector<std::string> troubles_;
  // Frames as they came: what is for the primary is borrowed until it is read.
  std::deque<std::vector<std::byte>> said_;
  MessageRouter router_{*this};
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_MESSAGE_ROUTER_FIXTURE_H_
