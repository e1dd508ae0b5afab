// The plugin on a fake host: worker 7 in slot 6 of 8. The test plays the
// others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/resp_kv/batch.h"
#include "plugins/resp_kv/command_table.h"
#include "plugins/resp_kv/reply.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/fake_messages.h"
#include "plugins/testing/loading.h"

namespace cluster::resp_kv {
namespace {

constexpr uint32_t kSlot = 6;
constexpr uint32_t kSlots = 8;

// Returns a key that lives in `slot`.
std::string KeyOf(uint32_t slot) {
  for (int i = 0;; ++i) {
    const std::string key = "key" + std::to_string(i);
    if (ShardOf(key, kSlots) == slot) return key;
  }
}

// Returns a reply to a batch.
std::string Replies(const std::vector<std::string>& replies) {
  ReplyWriter writer;
  for (const std::string& reply : replies) {
    writer.Begin()->append(reply);
    writer.End();
  }
  return writer.bytes();
}

class RespKvTest : public testing::Test {
 protected:
  void Run(std::function<void()> client) {
    static const LoadedPlugin plugin =
        LoadForTest("plugins/resp_kv/resp_kv.so");
    EXPECT_EQ(host_.Run(plugin.table, std::move(client)), CLUSTER_OK)
        << host_.error_message();
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(host_.watches(), 0u);
    EXPECT_EQ(host_.timers(), 0u);
    EXPECT_EQ(host_.misreported(), 0u);
    EXPECT_EQ(host_.log(), "");
  }

  // Sends and returns as many bytes as `answer` has.
  void Expect(Client& client,
              std::string_view request,
              const std::string& answer) {
    client.Send(request);
    EXPECT_EQ(client.Read(answer.size()), answer);
  }

  const std::string here_ = KeyOf(kSlot);
  const std::string there_ = KeyOf(2);
  FakeHost host_;
};

TEST_F(RespKvTest, AnswersPipelinedCommandsInOrder) {
  Run([&] {
    Client client(host_.Connect());
    Expect(client,
           "PING\r\nSET " + here_ + " 41\r\nINCR " + here_ +
               "\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nNONSENSE\r\nGET\r\n",
           "+PONG\r\n+OK\r\n:42\r\n$2\r\nhi\r\n"
           "-ERR unknown command 'NONSENSE', with args beginning with: \r\n"
           "-ERR wrong number of arguments for 'get' command\r\n");
  });
}

TEST_F(RespKvTest, AnswersThatComeFromElsewhereKeepTheOrder) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("INCR " + there_ + "\r\nSET " + here_ + " v\r\nPING\r\nMGET " +
                here_ + " " + there_ + "\r\n");
    const FakeMessages::Sent first = host_.messages().AwaitSent();
    EXPECT_EQ(first.to, CLUSTER_TO_SLOT);
    EXPECT_EQ(first.number, 2u);
    // What is left of the second that a command has.
    EXPECT_GT(first.timeout_ms, 0u);
    EXPECT_LE(first.timeout_ms, 1000u);
    const auto batch = ReadBatch(first.payload);
    ASSERT_TRUE(batch.has_value());
    std::string expected;
    AppendRequest(std::vector<std::string_view>{"INCR", there_}, &expected);
    AppendRequest(std::vector<std::string_view>{"GET", there_}, &expected);
    EXPECT_EQ(batch->commands, expected) << "one message for both";
    host_.messages().Answer(first.request,
                            {.payload = Replies({":8\r\n", "$1\r\n8\r\n"})});
    Expect(client, "", ":8\r\n+OK\r\n+PONG\r\n*2\r\n$1\r\nv\r\n$1\r\n8\r\n");
  });
}

TEST_F(RespKvTest, OwnerThatEndsIsAnErrorForItsKeysAlone) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("INCR " + there_ + "\r\nINCR " + here_ + "\r\n");
    host_.messages().Fail(host_.messages().AwaitSent().request, CLUSTER_E_GONE);
    EXPECT_TRUE(client.ReadUntil("\r\n").starts_with("-UNREACHABLE "));
    EXPECT_EQ(client.ReadUntil("\r\n"), ":1\r\n");
  });
}

TEST_F(RespKvTest, DoesWhatOtherWorkersAsk) {
  Run([&] {
    std::string batch = StartBatch(INT64_MAX);
    AppendRequest(std::vector<std::string_view>{"SET", here_, "5"}, &batch);
    AppendRequest(std::vector<std::string_view>{"INCR", here_}, &batch);
    const uint64_t request = host_.messages().Ask({.payload = batch});
    const FakeMessages::Sent reply = host_.messages().AwaitSent();
    EXPECT_EQ(reply.answers, request);
    EXPECT_EQ(reply.payload, Replies({"+OK\r\n", ":6\r\n"}));
    // After its deadline nothing is done.
    std::string late = StartBatch(1);
    AppendRequest(std::vector<std::string_view>{"INCR", here_}, &late);
    host_.messages().Ask({.payload = late});
    EXPECT_EQ(host_.messages().AwaitSent().payload, "");
    Client client(host_.Connect());
    Expect(client, "GET " + here_ + "\r\n", "$1\r\n6\r\n");
  });
}

TEST_F(RespKvTest, RetiresWhenAnotherHasItsSlot) {
  Run([&] {
    Client client(host_.Connect());
    Expect(client, "SET " + here_ + " old\r\n", "+OK\r\n");
    host_.messages().Ask({.payload = std::string(kTakeoverMessage),
                          .from_worker = 9,
                          .from_slot = kSlot + 1});
    host_.messages().AwaitSent();
    Expect(client, "GET " + here_ + "\r\n", "$3\r\nold\r\n");
    const uint64_t request =
        host_.messages().Ask({.payload = std::string(kTakeoverMessage),
                              .from_worker = 9,
                              .from_slot = kSlot});
    EXPECT_EQ(host_.messages().AwaitSent().answers, request);
    client.Send("GET " + here_ + "\r\n");
    const FakeMessages::Sent asked = host_.messages().AwaitSent();
    EXPECT_EQ(asked.number, kSlot);
    host_.messages().Answer(asked.request,
                            {.payload = Replies({"-LOST x\r\n"})});
    EXPECT_EQ(client.ReadUntil("\r\n"), "-LOST x\r\n");
  });
}

TEST_F(RespKvTest, KeyExpiresThoughNobodyAsks) {
  Run([&] {
    Client client(host_.Connect());
    Expect(client, "SET " + here_ + " v PX 1\r\n", "+OK\r\n");
    host_.OnLoop([] {});
  });
}

TEST_F(RespKvTest, ProtocolErrorEndsTheConnectionAfterItsAnswer) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("PING\r\n*1\r\n:1\r\n");
    EXPECT_EQ(client.ReadToEnd(),
              "+PONG\r\n-ERR Protocol error: expected '$', got ':'\r\n");
  });
}

TEST_F(RespKvTest, BrowserIsTurnedAway) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("POST / HTTP/1.1\r\nHost: x\r\n\r\nSET " + here_ + " v\r\n");
    EXPECT_TRUE(client.ReadToEnd().starts_with("-ERR unknown command"));
    Client other(host_.Connect());
    Expect(other, "GET " + here_ + "\r\n", "$-1\r\n");
  });
}

TEST_F(RespKvTest, QuitEndsTheConnection) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("QUIT\r\nPING\r\n");
    EXPECT_EQ(client.ReadToEnd(), "+OK\r\n");
  });
}

TEST_F(RespKvTest, AnswersAfterThePeerHasSaidItsLast) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("INCR " + there_ + "\r\nPING\r\n");
    client.SendEnd();
    const FakeMessages::Sent sent = host_.messages().AwaitSent();
    host_.messages().Answer(sent.request, {.payload = Replies({":1\r\n"})});
    EXPECT_EQ(client.ReadToEnd(), ":1\r\n+PONG\r\n");
  });
}

TEST_F(RespKvTest, ClientThatLeavesEarlyHarmsNobody) {
  Run([&] {
    {
      Client client(host_.Connect());
      client.Send("INCR " + there_ + "\r\n");
      const FakeMessages::Sent sent = host_.messages().AwaitSent();
      {
        const Client gone(std::move(client));
      }
      EXPECT_TRUE(host_.WaitForOpen(0));
      host_.messages().Answer(sent.request, {.payload = Replies({":1\r\n"})});
    }
    Client client(host_.Connect());
    Expect(client, "PING\r\n", "+PONG\r\n");
  });
}

TEST_F(RespKvTest, ClientThatDoesNotReadHoldsUpOnlyItself) {
  Run([&] {
    Client greedy(host_.Connect());
    const std::string value(100'000, 'x');
    Expect(greedy, "SET " + here_ + " " + "v\r\n", "+OK\r\n");
    Expect(greedy,
           "*3\r\n$3\r\nSET\r\n$" + std::to_string(here_.size()) + "\r\n" +
               here_ + "\r\n$100000\r\n" + value + "\r\n",
           "+OK\r\n");
    std::string requests;
    for (int i = 0; i < 1000; ++i) requests += "GET " + here_ + "\r\n";
    greedy.Send(requests);
    Client other(host_.Connect());
    Expect(other, "PING\r\n", "+PONG\r\n");
    std::string answer;
    AppendBulk(value, &answer);
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(greedy.Read(answer.size()) == answer) << i;
    }
  });
}

TEST_F(RespKvTest, AnswersThatTakeTooMuchMemoryEndTheConnection) {
  host_.config["max_output"] = "1mb";
  Run([&] {
    Client client(host_.Connect());
    client.Send("GET " + KeyOf(1) + "\r\nGET " + there_ + "\r\n");
    FakeMessages::Sent first = host_.messages().AwaitSent();
    FakeMessages::Sent second = host_.messages().AwaitSent();
    if (first.number != 2) std::swap(first, second);
    std::string large;
    AppendBulk(std::string(2 << 20, 'x'), &large);
    host_.messages().Answer(first.request, {.payload = Replies({large})});
    host_.messages().Answer(second.request, {.payload = Replies({"$-1\r\n"})});
    EXPECT_EQ(client.ReadToEnd(), "");
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

TEST_F(RespKvTest, ManyRequestsUnderWayAreBounded) {
  Run([&] {
    Client client(host_.Connect());
    std::string requests;
    for (int i = 0; i < 5000; ++i) requests += "INCR " + there_ + "\r\n";
    client.Send(requests);
    std::string answers;
    size_t most = 0;
    for (int done = 0; done < 5000;) {
      const FakeMessages::Sent sent = host_.messages().AwaitSent();
      const std::string commands(ReadBatch(sent.payload)->commands);
      std::vector<std::string> replies;
      for (size_t at = 0; (at = commands.find("INCR", at)) != std::string::npos;
           ++at) {
        replies.push_back(":" + std::to_string(++done) + "\r\n");
        answers += replies.back();
      }
      ASSERT_FALSE(replies.empty());
      most = std::max(most, replies.size());
      host_.messages().Answer(sent.request, {.payload = Replies(replies)});
    }
    EXPECT_TRUE(client.Read(answers.size()) == answers);
    EXPECT_LE(most, 1024u);
  });
}

TEST_F(RespKvTest, DrainLetsRunningCommandFinish) {
  Run([&] {
    Client idle(host_.Connect());
    Expect(idle, "PING\r\n", "+PONG\r\n");
    Client busy(host_.Connect());
    busy.Send("INCR " + there_ + "\r\n");
    const FakeMessages::Sent sent = host_.messages().AwaitSent();
    host_.Drain();
    EXPECT_EQ(host_.open(), 1u);
    EXPECT_EQ(idle.ReadToEnd(), "");
    host_.messages().Answer(sent.request, {.payload = Replies({":1\r\n"})});
    EXPECT_EQ(busy.ReadToEnd(), ":1\r\n");
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

TEST_F(RespKvTest, DrainAnswersFirstRequestOfNewConnection) {
  Run([&] {
    host_.Drain();
    Client late(host_.Connect());
    Client silent(host_.Connect());
    late.Send("PING\r\n");
    EXPECT_EQ(late.ReadToEnd(), "+PONG\r\n");
    EXPECT_EQ(silent.ReadToEnd(), "");
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

TEST_F(RespKvTest, WrongSettingIsRefused) {
  host_.config["max_memory"] = "lots";
  static const LoadedPlugin plugin = LoadForTest("plugins/resp_kv/resp_kv.so");
  EXPECT_EQ(host_.Run(plugin.table, [] {}), CLUSTER_E_CONFIG);
  EXPECT_EQ(host_.error_message(),
            "max_memory=\"lots\" is not a number of bytes such as 512mb or "
            "2gb");
}

}  // namespace
}  // namespace cluster::resp_kv
