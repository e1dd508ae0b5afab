#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/descriptor_limit.h"
#include "ipc/open_fds.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// What the plugin's callbacks were told.
struct Heard {
  std::vector<std::string> texts;
  std::vector<uint64_t> requests;
  std::vector<cluster_status> statuses;
  bool takes_fds = false;

  static void OnMessage(void* ctx, const cluster_message* message) {
    auto& heard = *static_cast<Heard*>(ctx);
    heard.texts.emplace_back(message->payload.data, message->payload.size);
    heard.requests.push_back(message->request);
    for (uint32_t i = 0; heard.takes_fds && i < message->fd_count; ++i) {
      close(std::exchange(message->fds[i], -1));
    }
  }
  static void OnReply(void* ctx,
                      cluster_status status,
                      const cluster_message* reply) {
    auto& heard = *static_cast<Heard*>(ctx);
    heard.statuses.push_back(status);
    if (reply != nullptr) OnMessage(ctx, reply);
  }
};

class MessageServiceTest : public ServiceFixture {
 protected:
  static cluster_outgoing To(uint32_t to,
                             uint32_t number,
                             const std::string& text) {
    cluster_outgoing outgoing = {};
    outgoing.size = sizeof(outgoing);
    outgoing.to = to;
    outgoing.number = number;
    outgoing.payload = {text.data(), text.size()};
    return outgoing;
  }
  cluster_status Send(uint32_t to, uint32_t number, const std::string& text) {
    const cluster_outgoing outgoing = To(to, number, text);
    return service_->send(host_, &outgoing);
  }
  cluster_status Ask(uint64_t timeout_ms, uint32_t to = CLUSTER_TO_SLOT) {
    const std::string text = "?";
    const cluster_outgoing outgoing = To(to, 0, text);
    return service_->request(
        host_, &outgoing, timeout_ms, &Heard::OnReply, &heard_);
  }
  cluster_status Reply(uint64_t request) {
    const std::string text = "!";
    const cluster_outgoing outgoing = To(99, 99, text);
    return service_->reply(host_, request, &outgoing);
  }

  template <class Head>
  void Bring(FrameType type, const Head& head, const std::string& text = "") {
    primary_.SendJoined(static_cast<uint16_t>(type),
                        BytesOf(head),
                        std::as_bytes(std::span(text)),
                        std::move(fds_));
    fds_.clear();
    ASSERT_TRUE(primary_.Flush().ok());
    loop_->Dispatch();
  }
  void Deliver(const std::string& text, uint64_t request = 0) {
    Bring(FrameType::kDelivery,
          DeliveryHead{.from_worker = 2,
                       .from_slot = 1,
                       .request = request,
                       .total_bytes = text.size()},
          text);
  }
  void DeliverReply(const std::string& text, uint64_t request) {
    Bring(FrameType::kDelivery,
          DeliveryHead{.from_worker = 2,
                       .request = request,
                       .total_bytes = text.size(),
                       .is_reply = 1},
          text);
  }
  void Listen() { service_->on_message(host_, &Heard::OnMessage, &heard_); }

  // The only frame sent since the last call.
  template <class Head>
  Head OnlySent(FrameType type) {
    const auto sent = Sent();
    EXPECT_EQ(sent.size(), 1u);
    if (sent.size() != 1) return {};
    EXPECT_EQ(sent[0].first, type);
    std::span<const std::byte> payload = sent[0].second;
    return TakeHead<Head>(&payload).value_or(Head());
  }

  const cluster_message_v1* const service_ =
      Find<cluster_message_v1>(CLUSTER_SERVICE_MESSAGE_V1);
  Heard heard_;
  std::vector<UniqueFd> fds_;  // for the next Bring()
};

using Texts = std::vector<std::string>;

TEST_F(MessageServiceTest, SendsToWhomItIsTold) {
  EXPECT_EQ(Send(CLUSTER_TO_WORKER, 4, "text"), CLUSTER_OK);
  const auto head = OnlySent<MessageHead>(FrameType::kMessage);
  EXPECT_EQ(head.to, MessageTo::kWorker);
  EXPECT_EQ(head.number, 4u);
  EXPECT_EQ(head.total_bytes, 4u);
}

TEST_F(MessageServiceTest, NonsenseIsRefusedAndSendsNothing) {
  EXPECT_EQ(Send(CLUSTER_TO_SLOT, 9, "x"), CLUSTER_E_GONE);
  EXPECT_EQ(Send(0, 0, "x"), CLUSTER_E_INVALID);
  EXPECT_EQ(Send(5, 0, "x"), CLUSTER_E_INVALID);
  EXPECT_EQ(Send(CLUSTER_TO_OTHERS, 1, "x"), CLUSTER_E_INVALID);
  EXPECT_EQ(service_->send(host_, nullptr), CLUSTER_E_INVALID);
  cluster_outgoing outgoing = To(CLUSTER_TO_OTHERS, 0, "");
  outgoing.payload.size = CLUSTER_MAX_MESSAGE_BYTES + 1;
  EXPECT_EQ(service_->send(host_, &outgoing), CLUSTER_E_INVALID);
  outgoing = To(CLUSTER_TO_OTHERS, 0, "");
  const int32_t bad[] = {-1};
  outgoing.fds = bad;
  outgoing.fd_count = 1;
  EXPECT_EQ(service_->send(host_, &outgoing), CLUSTER_E_INVALID);
  outgoing.fd_count = CLUSTER_MAX_MESSAGE_FDS + 1;
  EXPECT_EQ(service_->send(host_, &outgoing), CLUSTER_E_INVALID);
  EXPECT_EQ(Ask(0), CLUSTER_E_INVALID);
  EXPECT_EQ(Ask(uint64_t{1} << 32), CLUSTER_E_INVALID);
  EXPECT_EQ(Ask(1000, CLUSTER_TO_OTHERS), CLUSTER_E_INVALID);
  for (const auto& [type, payload] : Sent()) EXPECT_EQ(type, FrameType::kLog);
}

TEST_F(MessageServiceTest, ClosedHearsNothingMore) {
  EXPECT_EQ(Ask(1), CLUSTER_OK);
  context_.messenger().Close();
  DeliverReply("late", 1);
  EXPECT_TRUE(heard_.statuses.empty());
}

TEST_F(MessageServiceTest, MessagesWaitForWhoListens) {
  Deliver("one");
  Deliver("two", 8);
  Listen();
  EXPECT_TRUE(heard_.texts.empty()) << "not from within the call";
  Deliver("three");
  loop_->Dispatch();
  EXPECT_EQ(heard_.texts, (Texts{"one", "two", "three"}));
  EXPECT_EQ(heard_.requests[0], 0u);
  EXPECT_NE(heard_.requests[1], 0u);
}

TEST_F(MessageServiceTest, OldestAreDroppedWhenNobodyListens) {
  const std::string text(8 << 20, 'x');
  for (int i = 0; i < 10; ++i) {
    const DeliveryHead head = {.from_worker = 2, .total_bytes = text.size()};
    for (size_t at = 0; at < text.size(); at += kMaxPartBytes) {
      const std::string part = text.substr(at, kMaxPartBytes);
      if (at == 0) {
        Bring(FrameType::kDelivery, head, part);
      } else {
        Bring(FrameType::kDeliveryPart, PartHead{.from_worker = 2}, part);
      }
    }
  }
  Listen();
  loop_->Dispatch();
  EXPECT_EQ(heard_.texts.size(), 7u);
  EXPECT_EQ(Sent().size(), 2u) << "lines of the log";
}

TEST_F(MessageServiceTest, DescriptorsThatAreNotTakenAreClosed) {
  const size_t before = OpenFds();
  for (const bool takes : {false, true}) {
    heard_.takes_fds = takes;
    Listen();
    fds_.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    fds_.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    Deliver("with two");
    EXPECT_EQ(OpenFds(), before);
  }
  EXPECT_EQ(heard_.texts.size(), 2u);
}

TEST_F(MessageServiceTest, SentDescriptorsAreCopies) {
  const size_t before = OpenFds();
  const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int32_t fds[] = {fd.get()};
  cluster_outgoing outgoing = To(CLUSTER_TO_OTHERS, 0, "");
  outgoing.fds = fds;
  outgoing.fd_count = 1;
  EXPECT_EQ(service_->send(host_, &outgoing), CLUSTER_OK);
  EXPECT_EQ(Sent().size(), 1u);
  EXPECT_EQ(OpenFds(), before + 1);
}

TEST_F(MessageServiceTest, DescriptorThatCannotBeCopiedIsTheSystems) {
  const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int32_t fds[] = {fd.get()};
  cluster_outgoing outgoing = To(CLUSTER_TO_OTHERS, 0, "");
  outgoing.fds = fds;
  outgoing.fd_count = 1;
  {
    const DescriptorLimit limit(0);
    EXPECT_EQ(service_->send(host_, &outgoing), CLUSTER_E_SYSTEM);
    EXPECT_EQ(errno, EMFILE);
  }
  EXPECT_TRUE(Sent().empty());
}

// ---- Requests of this worker

TEST_F(MessageServiceTest, ReplyEndsTheRequestOnce) {
  ASSERT_EQ(Ask(60'000), CLUSTER_OK);
  const auto head = OnlySent<MessageHead>(FrameType::kMessage);
  EXPECT_NE(head.request, 0u);
  DeliverReply("answer", head.request);
  DeliverReply("again", head.request);
  EXPECT_EQ(heard_.statuses, std::vector<cluster_status>{CLUSTER_OK});
  EXPECT_EQ(heard_.texts, Texts{"answer"});
}

TEST_F(MessageServiceTest, FailureEndsTheRequest) {
  ASSERT_EQ(Ask(60'000), CLUSTER_OK);
  const auto head = OnlySent<MessageHead>(FrameType::kMessage);
  Bring(FrameType::kRequestFailed,
        RequestFailure{.request = head.request, .status = CLUSTER_E_GONE});
  EXPECT_EQ(heard_.statuses, std::vector<cluster_status>{CLUSTER_E_GONE});
}

TEST_F(MessageServiceTest, TimeoutEndsTheRequestAndTellsThePrimary) {
  ASSERT_EQ(Ask(1), CLUSTER_OK);
  const auto head = OnlySent<MessageHead>(FrameType::kMessage);
  while (heard_.statuses.empty()) loop_->RunOnce();
  EXPECT_EQ(heard_.statuses, std::vector<cluster_status>{CLUSTER_E_TIMEOUT});
  EXPECT_EQ(OnlySent<ForgetRequest>(FrameType::kForget).request, head.request);
  DeliverReply("late", head.request);
  EXPECT_EQ(heard_.statuses.size(), 1u);
}

TEST_F(MessageServiceTest, RequestsAreBounded) {
  for (size_t i = 0; i < kMaxOpenRequests; ++i) {
    ASSERT_EQ(Ask(60'000), CLUSTER_OK);
  }
  EXPECT_EQ(Ask(60'000), CLUSTER_E_FULL);
  DeliverReply("x", 1);
  EXPECT_EQ(Ask(60'000), CLUSTER_OK);
}

// ---- Requests to this worker

TEST_F(MessageServiceTest, RequestIsAnsweredOnce) {
  Listen();
  Deliver("?", 55);
  ASSERT_EQ(heard_.requests.size(), 1u);
  EXPECT_EQ(Reply(heard_.requests[0]), CLUSTER_OK);
  const auto head = OnlySent<MessageHead>(FrameType::kMessage);
  EXPECT_EQ(head.to, MessageTo::kAsker);
  EXPECT_EQ(head.number, 2u);
  EXPECT_EQ(head.request, 55u);
  EXPECT_EQ(Reply(heard_.requests[0]), CLUSTER_E_STATE);
  EXPECT_EQ(Reply(12345), CLUSTER_E_STATE);
}

TEST_F(MessageServiceTest, ForgottenRequestCannotBeAnswered) {
  Listen();
  Deliver("?", 55);
  Bring(FrameType::kForgotten, ForgetRequest{.request = 55, .asker = 2});
  EXPECT_EQ(Reply(heard_.requests[0]), CLUSTER_E_STATE);
}

}  // namespace
}  // namespace cluster
