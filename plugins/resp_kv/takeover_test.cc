#include "plugins/resp_kv/takeover.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/resp_kv/batch.h"
#include "plugins/resp_kv/peer_link.h"

namespace cluster::resp_kv {
namespace {

class FakeLink final : public PeerLink {
 public:
  cluster_status AskSlot(uint32_t,
                         std::string_view,
                         int64_t,
                         Replied) override {
    return CLUSTER_E_GONE;
  }
  cluster_status AskWorker(uint32_t worker_id,
                           std::string_view message,
                           int64_t,
                           Replied replied) override {
    if (refusal != CLUSTER_OK) return refusal;
    EXPECT_EQ(message, kTakeoverMessage);
    EXPECT_TRUE(asked.emplace(worker_id, std::move(replied)).second);
    return CLUSTER_OK;
  }
  void CallSoon(std::function<void()> run) override {
    later.push_back(std::move(run));
  }
  void CallAfter(int64_t, std::function<void()> run) override {
    later.push_back(std::move(run));
  }

  void Answer(uint32_t worker_id, cluster_status status) {
    const auto node = asked.extract(worker_id);
    ASSERT_FALSE(node.empty());
    node.mapped()(status, "");
  }
  void RunLater() {
    for (const auto& run : std::exchange(later, {})) run();
  }

  cluster_status refusal = CLUSTER_OK;
  std::map<uint32_t, Replied> asked;
  std::vector<std::function<void()>> later;
};

class TakeoverTest : public testing::Test {
 protected:
  int done_ = 0;
  FakeLink link_;
};

TEST_F(TakeoverTest, AsksEveryEarlierWorker) {
  Takeover takeover(link_, 4, [this] { ++done_; });
  takeover.Start();
  ASSERT_EQ(link_.asked.size(), 3u);
  link_.Answer(1, CLUSTER_OK);
  link_.Answer(3, CLUSTER_E_GONE);
  EXPECT_EQ(done_, 0);
  link_.Answer(2, CLUSTER_OK);
  EXPECT_EQ(done_, 1);
}

TEST_F(TakeoverTest, OneThatIsSilentIsAskedUntilItAnswersOrIsGone) {
  Takeover takeover(link_, 2, [this] { ++done_; });
  takeover.Start();
  for (int i = 0; i < 5; ++i) link_.Answer(1, CLUSTER_E_TIMEOUT);
  EXPECT_EQ(done_, 0);
  link_.Answer(1, CLUSTER_E_FULL);
  EXPECT_TRUE(link_.asked.empty());
  link_.RunLater();
  link_.Answer(1, CLUSTER_E_GONE);
  EXPECT_EQ(done_, 1);
}

TEST_F(TakeoverTest, MessageThatCannotBeSentIsSentLater) {
  link_.refusal = CLUSTER_E_FULL;
  Takeover takeover(link_, 3, [this] { ++done_; });
  takeover.Start();
  EXPECT_EQ(done_, 0);
  link_.refusal = CLUSTER_OK;
  link_.RunLater();
  link_.Answer(1, CLUSTER_OK);
  link_.Answer(2, CLUSTER_OK);
  EXPECT_EQ(done_, 1);
}

TEST_F(TakeoverTest, AsksFewAtOnceAndAllInTheEnd) {
  Takeover takeover(link_, 1000, [this] { ++done_; });
  takeover.Start();
  size_t answered = 0;
  while (!link_.asked.empty()) {
    EXPECT_LE(link_.asked.size(), 64u);
    link_.Answer(link_.asked.begin()->first, CLUSTER_E_GONE);
    ++answered;
  }
  EXPECT_EQ(answered, 999u);
  EXPECT_EQ(done_, 1);
}

TEST_F(TakeoverTest, OnlyLaterWorkersOfTheSlotReplace) {
  EXPECT_TRUE(Takeover::Replaces(2, 9, 2, 3));
  EXPECT_FALSE(Takeover::Replaces(1, 9, 2, 3));
  EXPECT_FALSE(Takeover::Replaces(2, 3, 2, 9));
  EXPECT_FALSE(Takeover::Replaces(2, 3, 2, 3));
}

}  // namespace
}  // namespace cluster::resp_kv
