// Row B030: what a Value goes as: the library's own encoding, or JSON text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "core/cluster/typed_message.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr absl::Duration kDeadline = absl::Seconds(20);

class SerializationTest : public ClusterTest {
 protected:
  std::shared_ptr<Worker> ForkJsonAgent() {
    Settings settings = Does({"agent", ""});
    settings.serialization = Serialization::kJson;
    return cluster_.fork({.settings = settings});
  }
  // The bytes of messages in `heard_`, by worker; ends all after so many.
  void DisconnectAfter(size_t messages) {
    cluster_.on(events::message,
                [this, messages](Worker& from, const Message& message, auto&) {
                  heard_.emplace(from.id(), message.text());
                  if (heard_.size() == messages) cluster_.disconnect();
                });
  }

  std::multimap<uint32_t, std::string> heard_;
};

TEST_F(SerializationTest, B030_EveryKindOfValueRoundTrips) {
  const Value sent =
      Value::Map{{"null", nullptr},
                 {"bool", true},
                 {"int", std::numeric_limits<int64_t>::min()},
                 {"double", 0.1},
                 {"infinite", std::numeric_limits<double>::infinity()},
                 {"string", std::string("a\0b", 3)},
                 {"utf8", "gr\xc3\xbc\xc3\x9f"},
                 {"bytes", Value::Bytes{std::byte{0}, std::byte{255}}},
                 {"list", Value::List{1, "a", Value::List{}}},
                 {"map", Value::Map{{"", Value::Map{}}}}};
  const auto worker = ForkAgent();
  Value came;
  worker->on(events::message, [&](const Message& message, Handle&) {
    came = message.value().value_or(nullptr);
    worker->disconnect();
  });
  worker->send(sent);
  Run();
  EXPECT_EQ(came, sent) << came.DebugText();
}

// An agent sends back what came, byte by byte.
TEST_F(SerializationTest, B030_JsonWorkersGetText) {
  const auto worker = ForkJsonAgent();
  DisconnectAfter(1);
  worker->send(Value::Map{{"port", 80}});
  Run();
  EXPECT_THAT(heard_, ElementsAre(Pair(1, R"({"port":80})")));
}

TEST_F(SerializationTest, B030_JsonWorkersSendText) {
  const auto worker = ForkJsonAgent();
  DisconnectAfter(1);
  worker->send("tell 1 4");
  Run();
  EXPECT_THAT(heard_, ElementsAre(Pair(1, R"("0 xx")")));
}

TEST_F(SerializationTest, B030_JsonOfNumbersAndOfWhatIsNone) {
  const auto worker = ForkJsonAgent();
  Value came;
  worker->on(events::message, [&](const Message& message, Handle&) {
    came = message.value().value_or("refused");
    worker->disconnect();
  });
  worker->send(Value::List{std::numeric_limits<int64_t>::max(),
                           0.1,
                           80.0,
                           std::numeric_limits<double>::infinity()});
  Run();
  EXPECT_EQ(came,
            Value(Value::List{
                std::numeric_limits<int64_t>::max(), 0.1, 80.0, nullptr}))
      << came.DebugText();
}

// Better than Node, which turns the first into a map and changes the second.
TEST_F(SerializationTest, B030_JsonKnowsNoBytes) {
  const auto worker = ForkJsonAgent();
  std::vector<absl::StatusCode> codes;
  for (const Value& value :
       {Value(Value::Bytes{std::byte{1}}), Value("\xff")}) {
    EXPECT_FALSE(worker->send(value, [&](const absl::Status& why) {
      codes.push_back(why.code());
      if (codes.size() == 2) worker->send("tell bytes");
    }));
  }
  DisconnectAfter(1);
  Run();
  EXPECT_THAT(codes,
              ElementsAre(absl::StatusCode::kInvalidArgument,
                          absl::StatusCode::kInvalidArgument));
  // Nor does its own side send any.
  EXPECT_THAT(heard_, ElementsAre(Pair(1, R"("not sent 3")")));
}

TEST_F(SerializationTest, B030_JsonLeavesTypesAndBytesAlone) {
  const auto worker = ForkJsonAgent();
  const Message typed = pack(std::vector<int>{1, 2});
  DisconnectAfter(2);
  worker->send(typed);
  worker->send(Message::of_bytes("\xff raw"));
  Run();
  EXPECT_THAT(
      heard_,
      ElementsAre(Pair(1, std::string(typed.text())), Pair(1, "\xff raw")));
}

TEST_F(SerializationTest, TypesOfTheProgramGoBothWays) {
  const auto worker = Fork({"sum"});
  absl::StatusOr<int> sum = 0;
  worker->on(events::message, [&](const Message& message, Handle&) {
    sum = unpack<int>(message);
    worker->disconnect();
  });
  worker->send(pack(std::vector<int>{1, 20, 300}));
  Run();
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(*sum, 321);
}

TEST_F(SerializationTest, B030_JsonOfRequestsAndReplies) {
  const auto worker = ForkJsonAgent();
  std::string answer;
  std::string asked;
  worker->on(events::message, [&](const Message& message, Handle&) {
    if (message.request()) {
      asked = message.text();
      cluster_.reply(message.request(), "late");
      return;
    }
    EXPECT_EQ(message.text(), R"("heard late")");
    worker->disconnect();
  });
  worker->request("who?", kDeadline, [&](Reply& reply) {
    ASSERT_TRUE(reply.ok()) << reply.status;
    answer = reply.message.text();
    worker->send("ask 0 the time");
  });
  Run();
  EXPECT_EQ(answer, R"("re: who?")");
  EXPECT_EQ(asked, R"("the time")");
}

TEST_F(SerializationTest, B030_EachForkHasItsOwn) {
  ForkAgent();
  ForkJsonAgent();
  ForkAgent();
  DisconnectAfter(3);
  EXPECT_TRUE(cluster_.send_to_all("a"));
  Run();
  const std::string binary(Message("a").text());
  EXPECT_THAT(heard_,
              ElementsAre(Pair(1, binary), Pair(2, R"("a")"), Pair(3, binary)));
}

TEST_F(SerializationTest, B030_ToAllWhatSomeCannotGet) {
  ForkJsonAgent();
  ForkAgent();
  DisconnectAfter(1);
  absl::Status told;
  const Value bytes = Value::Bytes{std::byte{1}};
  cluster_.send_to_all(
      bytes, {}, {}, [&](const absl::Status& status) { told = status; });
  Run();
  EXPECT_TRUE(absl::IsInvalidArgument(told)) << told;
  EXPECT_THAT(heard_, ElementsAre(Pair(2, std::string(Message(bytes).text()))));
}

// Who gets it need not know which it is.
TEST_F(SerializationTest, B030_WorkersOfBothKindsWriteToEachOther) {
  const auto json = ForkJsonAgent();
  const auto binary = ForkAgent();
  std::map<uint32_t, std::string> heard;
  cluster_.on(events::message,
              [&](Worker& from, const Message& message, Handle&) {
                heard[from.id()] = TextOf(message);
                if (heard.size() == 2) cluster_.disconnect();
              });
  json->send("to 2 hello");
  binary->send("to 1 hello");
  Run();
  EXPECT_THAT(heard,
              ElementsAre(Pair(1, "2 says hello"), Pair(2, "1 says hello")));
}

}  // namespace
}  // namespace cluster
