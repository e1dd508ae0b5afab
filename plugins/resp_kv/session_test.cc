#include "plugins/resp_kv/session.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "plugins/resp_kv/dispatcher.h"
#include "plugins/resp_kv/info.h"
#include "plugins/resp_kv/peer_link.h"
#include "plugins/resp_kv/router.h"
#include "plugins/resp_kv/shard.h"
#include "plugins/sdk/worker.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace cluster::resp_kv {
namespace {

// There is no other worker.
class NoLink final : public PeerLink {
 public:
  cluster_status AskSlot(uint32_t,
                         std::string_view,
                         int64_t,
                         Replied) override {
    return CLUSTER_E_GONE;
  }
  cluster_status AskWorker(uint32_t,
                           std::string_view,
                           int64_t,
                           Replied) override {
    return CLUSTER_E_GONE;
  }
  void CallSoon(std::function<void()>) override {}
  void CallAfter(int64_t, std::function<void()>) override {}
};

// Has no memory left for INFO.
class PoorWorker final : public sdk::Worker, public Session::Owner {
 public:
  using Worker::Worker;

  void OnConnection(sdk::Connection connection) override {
    const uint64_t id = connection.id();
    auto session = std::make_unique<Session>(
        *this, dispatcher_, 1 << 20, std::move(connection));
    ASSERT_TRUE(session->Start(host()).ok());
    sessions_.emplace(id, std::move(session));
  }
  void OnStop() override { sessions_.clear(); }

  void OnAnswers(Session&) override {}
  void OnEnd(Session& session) override { EXPECT_TRUE(session.ended()); }

 private:
  static WorkerFacts ReadFacts() { throw std::bad_alloc(); }

  const Clock clock_ = [] { return int64_t{1000}; };
  NoLink link_;
  Shard shard_{{}, clock_};
  Router router_{
      {.slot = 0, .slot_count = 1, .timeout_ms = 500}, link_, shard_, clock_};
  Dispatcher dispatcher_{shard_, router_, {}, &ReadFacts};
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
};

TEST(SessionTest, ClientOfARequestThatThrowsIsLetGo) {
  FakeHost host;
  host.Run(sdk::kTable<PoorWorker>, [&] {
    Client poor(host.Connect());
    Client other(host.Connect());
    poor.Send("INFO\r\n");
    EXPECT_EQ(poor.ReadToEnd(), "");
    EXPECT_TRUE(host.WaitForOpen(1));
    other.Send("PING\r\n");
    EXPECT_EQ(other.Read(7), "+PONG\r\n");
  });
  EXPECT_EQ(host.open(), 0u);
  EXPECT_EQ(host.misreported(), 0u);
}

}  // namespace
}  // namespace cluster::resp_kv
