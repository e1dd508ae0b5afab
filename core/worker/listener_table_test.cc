#include "core/worker/listener_table.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/data_path.h"
#include "core/control/listener_messages.h"
#include "core/control/messages.h"
#include "core/scoreboard/slot_page.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/address.h"
#include "ipc/archive.h"
#include "ipc/fd_passing.h"
#include "ipc/listener.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

// The table between a plugin, whose requests it takes, and a primary, whose
// part the test plays.
class ListenerTableTest : public ServiceFixture {
 protected:
  struct Answer {
    int calls = 0;
    cluster_status status = CLUSTER_OK;
    uint32_t listener = 0;
    int32_t code = 0;
    std::string reason;
  };

  ListenerTableTest() { listeners_.SetStage(ListenerTable::Stage::kStarted); }

  static void OnDone(void* ctx,
                     cluster_status status,
                     uint32_t listener,
                     const cluster_error* error) {
    auto& answer = *static_cast<Answer*>(ctx);
    ++answer.calls;
    answer.status = status;
    answer.listener = listener;
    if (error == nullptr) return;
    answer.code = error->code;
    answer.reason = error->message;
  }

  cluster_status Ask(Answer& answer, const std::string& address = "1.2.3.4:5") {
    return listeners_.Listen(address, 0, 0, OnDone, &answer);
  }

  // The number by which the last request went to the primary.
  uint32_t AskedNumber() {
    const auto sent = Sent();
    EXPECT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent.back().first, FrameType::kListenAt);
    return Decode<ListenAtRequest>(sent.back().second)->request;
  }

  static std::vector<UniqueFd> One(UniqueFd fd) {
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(fd));
    return fds;
  }
  static std::vector<UniqueFd> StreamSocket() {
    return One(
        *OpenListener(*ParseListenAddress("127.0.0.1:0"), {.backlog = 4}));
  }
  static std::vector<UniqueFd> DatagramSocket() {
    return One(UniqueFd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
  }

  static ListenAtReply Done(uint32_t request,
                            uint32_t listener,
                            ListenerKind kind = ListenerKind::kStream) {
    return {.request = request,
            .outcome = ListenOutcome::kDone,
            .error = 0,
            .reason = {},
            .data_path = DataPath::kShare,
            .facts = {.listener = listener,
                      .kind = kind,
                      .address = {},
                      .text = "127.0.0.1:80"}};
  }

  // Listens as `listener`, and forgets what was sent for that.
  void Serve(uint32_t listener, ListenerKind kind = ListenerKind::kStream) {
    Answer answer;
    ASSERT_EQ(Ask(answer), CLUSTER_OK);
    ASSERT_TRUE(listeners_
                    .OnReply(Done(AskedNumber(), listener, kind),
                             kind == ListenerKind::kStream ? StreamSocket()
                                                           : DatagramSocket())
                    .ok());
    ASSERT_EQ(answer.status, CLUSTER_OK) << answer.reason;
    EXPECT_EQ(Types(), std::vector<FrameType>{FrameType::kListening});
  }

  std::vector<FrameType> Types() {
    std::vector<FrameType> types;
    for (const auto& [type, payload] : Sent()) types.push_back(type);
    return types;
  }
};

TEST_F(ListenerTableTest, BeginTakesOneSocketForEachDatagramListener) {
  const std::vector<ListenerFacts> facts = {
      {.listener = 0, .kind = ListenerKind::kStream, .address = {}, .text = {}},
      {.listener = 1,
       .kind = ListenerKind::kDatagram,
       .address = {},
       .text = {}}};
  EXPECT_TRUE(absl::IsDataLoss(listeners_.Begin(facts, {})));
  EXPECT_TRUE(listeners_.Begin(facts, DatagramSocket()).ok());
  EXPECT_EQ(listeners_.count(), 2u);
  EXPECT_EQ(listeners_.Socket(0), -1);
  EXPECT_GE(listeners_.Socket(1), 0);
  std::vector<UniqueFd> two = DatagramSocket();
  two.push_back(std::move(DatagramSocket().front()));
  EXPECT_TRUE(absl::IsDataLoss(listeners_.Begin(facts, std::move(two))));
}

TEST_F(ListenerTableTest, BeginRefusesANumberThatCannotBe) {
  EXPECT_TRUE(absl::IsDataLoss(listeners_.Begin({{.listener = kMaxListeners,
                                                  .kind = ListenerKind::kStream,
                                                  .address = {},
                                                  .text = {}}},
                                                {})));
}

TEST_F(ListenerTableTest, RequestIsAnsweredOnceAndServed) {
  Answer answer;
  ASSERT_EQ(Ask(answer), CLUSTER_OK);
  const uint32_t number = AskedNumber();
  EXPECT_EQ(answer.calls, 0);
  ASSERT_TRUE(listeners_.OnReply(Done(number, 5), StreamSocket()).ok());
  EXPECT_EQ(answer.calls, 1);
  EXPECT_EQ(answer.listener, 5u);
  EXPECT_TRUE(listeners_.Find(5)->served);
  EXPECT_EQ(*listeners_.Find(5)->text, "127.0.0.1:80");
  EXPECT_TRUE(
      absl::IsDataLoss(listeners_.OnReply(Done(number, 5), StreamSocket())))
      << "there was one request";
}

TEST_F(ListenerTableTest, RefusalSaysWhatThePrimarySaid) {
  Answer answer;
  ASSERT_EQ(Ask(answer), CLUSTER_OK);
  ListenAtReply refusal = {.request = AskedNumber(),
                           .outcome = ListenOutcome::kSystem,
                           .error = EADDRINUSE,
                           .reason = "bind: address already in use",
                           .data_path = DataPath::kShare,
                           .facts = {}};
  EXPECT_TRUE(listeners_.OnReply(refusal, {}).ok());
  EXPECT_EQ(answer.status, CLUSTER_E_SYSTEM);
  EXPECT_EQ(answer.code, EADDRINUSE);
  EXPECT_EQ(answer.reason, "bind: address already in use");
}

TEST_F(ListenerTableTest, RefusalsHaveTheirStatus) {
  for (const auto& [outcome, status] :
       std::vector<std::pair<ListenOutcome, cluster_status>>{
           {ListenOutcome::kConfig, CLUSTER_E_CONFIG},
           {ListenOutcome::kLimit, CLUSTER_E_LIMIT},
           {ListenOutcome::kState, CLUSTER_E_STATE}}) {
    Answer answer;
    ASSERT_EQ(Ask(answer), CLUSTER_OK);
    ListenAtReply refusal = Done(AskedNumber(), 0);
    refusal.outcome = outcome;
    EXPECT_TRUE(listeners_.OnReply(refusal, {}).ok());
    EXPECT_EQ(answer.status, status);
  }
}

// A primary that is out of its mind costs the worker its channel, not more.
TEST_F(ListenerTableTest, ReplyThatMakesNoSenseIsRefused) {
  Answer answer;
  ASSERT_EQ(Ask(answer), CLUSTER_OK);
  const uint32_t number = AskedNumber();
  const auto on_reply = [this](ListenAtReply reply, bool fd) {
    return listeners_.OnReply(std::move(reply),
                              fd ? StreamSocket() : std::vector<UniqueFd>{});
  };
  EXPECT_TRUE(absl::IsDataLoss(on_reply(Done(number + 1, 5), true)));
  EXPECT_TRUE(absl::IsDataLoss(on_reply(Done(number, 5), false)));
  EXPECT_TRUE(absl::IsDataLoss(on_reply(Done(number, kMaxListeners), true)));
  ListenAtReply refusal = Done(number, 5);
  refusal.outcome = ListenOutcome::kLimit;
  EXPECT_TRUE(absl::IsDataLoss(on_reply(refusal, true)));
  EXPECT_EQ(answer.calls, 0);
}

TEST_F(ListenerTableTest, RequestsUnderWayAreBounded) {
  std::vector<Answer> answers(ListenerTable::kMaxRequests);
  for (Answer& answer : answers) EXPECT_EQ(Ask(answer), CLUSTER_OK);
  Answer more;
  EXPECT_EQ(Ask(more), CLUSTER_E_FULL);
  listeners_.SetStage(ListenerTable::Stage::kStopped);
  for (const Answer& answer : answers) {
    EXPECT_EQ(answer.calls, 1);
    EXPECT_EQ(answer.status, CLUSTER_E_STATE);
  }
  EXPECT_EQ(more.calls, 0);
}

// There may be no instance, or one that has no callbacks before it has started.
TEST_F(ListenerTableTest, RequestsOfAPluginThatDidNotStartAreDropped) {
  listeners_.SetStage(ListenerTable::Stage::kCreated);
  Answer answer;
  EXPECT_EQ(Ask(answer), CLUSTER_OK);
  listeners_.SetStage(ListenerTable::Stage::kStopped);
  EXPECT_EQ(answer.calls, 0);
}

TEST_F(ListenerTableTest, NoRequestsOnceItDrains) {
  listeners_.SetStage(ListenerTable::Stage::kDraining);
  Answer answer;
  EXPECT_EQ(Ask(answer), CLUSTER_E_STATE);
  EXPECT_EQ(Types(), std::vector<FrameType>{});
}

// The primary holds the listener for this worker, which must say that it will
// not serve it.
TEST_F(ListenerTableTest, ReplyThatComesDuringTheDrainIsGivenBack) {
  Answer answer;
  ASSERT_EQ(Ask(answer), CLUSTER_OK);
  const uint32_t number = AskedNumber();
  listeners_.SetStage(ListenerTable::Stage::kDraining);
  ASSERT_TRUE(listeners_.OnReply(Done(number, 5), StreamSocket()).ok());
  EXPECT_EQ(answer.status, CLUSTER_E_STATE);
  EXPECT_EQ(Types(), std::vector<FrameType>{FrameType::kCloseListener});
}

TEST_F(ListenerTableTest, ClosedListenerIsGone) {
  Serve(5);
  EXPECT_EQ(listeners_.Close(5), CLUSTER_OK);
  EXPECT_EQ(Types(), std::vector<FrameType>{FrameType::kCloseListener});
  EXPECT_EQ(listeners_.Find(5), nullptr);
  EXPECT_EQ(listeners_.Close(5), CLUSTER_E_INVALID);
}

TEST_F(ListenerTableTest, ListenerOfTheHostStaysKnownWhenItIsClosed) {
  ASSERT_TRUE(listeners_
                  .Begin({{.listener = 0,
                           .kind = ListenerKind::kStream,
                           .address = {},
                           .text = "a"}},
                         {})
                  .ok());
  EXPECT_EQ(listeners_.Close(0), CLUSTER_OK);
  ASSERT_NE(listeners_.Find(0), nullptr);
  EXPECT_FALSE(listeners_.Find(0)->served);
  EXPECT_EQ(listeners_.Close(0), CLUSTER_E_STATE);
  EXPECT_EQ(listeners_.Pause(0, true), CLUSTER_E_STATE);
}

TEST_F(ListenerTableTest, PauseIsSaidOnce) {
  Serve(5);
  EXPECT_EQ(listeners_.Pause(5, true), CLUSTER_OK);
  EXPECT_EQ(listeners_.Pause(5, true), CLUSTER_OK);
  EXPECT_EQ(Types(), std::vector<FrameType>{FrameType::kPauseListener});
  EXPECT_EQ(listeners_.Pause(5, false), CLUSTER_OK);
  EXPECT_EQ(Types(), std::vector<FrameType>{FrameType::kResumeListener});
}

TEST_F(ListenerTableTest, DatagramsAreNotPausedAndEndWithTheDrain) {
  Serve(5, ListenerKind::kDatagram);
  EXPECT_TRUE(listeners_.has_datagrams());
  EXPECT_EQ(listeners_.Pause(5, true), CLUSTER_E_INVALID);
  EXPECT_GE(listeners_.Socket(5), 0);
  listeners_.SetStage(ListenerTable::Stage::kDraining);
  EXPECT_EQ(listeners_.Socket(5), -1);
}

TEST_F(ListenerTableTest, UnknownListenerIsInvalid) {
  EXPECT_EQ(listeners_.Find(3), nullptr);
  EXPECT_EQ(listeners_.Socket(3), -1);
  EXPECT_EQ(listeners_.Close(3), CLUSTER_E_INVALID);
  EXPECT_EQ(listeners_.Pause(3, true), CLUSTER_E_INVALID);
}

}  // namespace
}  // namespace cluster
