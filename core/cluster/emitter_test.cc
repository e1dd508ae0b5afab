#include "core/cluster/emitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EmitterTest : public ::testing::Test {
 protected:
  auto Note(int what) {
    return [this, what](int) { called_.push_back(what); };
  }
  std::vector<int> Round() {
    emitter_.Emit(0);
    return std::exchange(called_, {});
  }

  Emitter<void(int)> emitter_;
  std::vector<int> called_;
};

TEST_F(EmitterTest, ListenersAreCalledInTheirOrderEachTime) {
  emitter_.On(Note(1));
  emitter_.Once(Note(2));
  emitter_.On(Note(3));
  EXPECT_THAT(Round(), ElementsAre(1, 2, 3));
  EXPECT_THAT(Round(), ElementsAre(1, 3));
}

TEST_F(EmitterTest, EmitPassesItsArgumentsAndSaysWhetherAnybodyListened) {
  Emitter<void(int&, const std::vector<int>&)> emitter;
  int count = 0;
  EXPECT_FALSE(emitter.Emit(count, std::vector<int>()));
  emitter.On([](int& n, const std::vector<int>& all) { n += all.size(); });
  EXPECT_TRUE(emitter.Emit(count, std::vector<int>{1, 2}));
  EXPECT_EQ(count, 2);
}

TEST_F(EmitterTest, WhatIsThrownEndsTheRoundUnlessSomebodyTakesIt) {
  emitter_.On([](int) { throw std::runtime_error("listener"); });
  emitter_.On(Note(2));
  EXPECT_THROW(emitter_.Emit(0), std::runtime_error);
  EXPECT_THAT(called_, IsEmpty());
  std::vector<std::exception_ptr> thrown;
  emitter_.WhenThrown([&](std::exception_ptr one) { thrown.push_back(one); });
  EXPECT_TRUE(emitter_.Emit(0));
  EXPECT_THAT(called_, ElementsAre(2));
  ASSERT_EQ(thrown.size(), 1u);
  EXPECT_THROW(std::rethrow_exception(thrown[0]), std::runtime_error);
}

TEST_F(EmitterTest, RemovedListenersAreNotCalled) {
  const ListenerId first = emitter_.On(Note(1));
  emitter_.On(Note(2));
  EXPECT_TRUE(emitter_.Off(first));
  EXPECT_FALSE(emitter_.Off(first));
  EXPECT_THAT(Round(), ElementsAre(2));
  EXPECT_EQ(emitter_.size(), 1u);
}

TEST_F(EmitterTest, ListenerMayRemoveItself) {
  ListenerId self = 0;
  // What it captured lives until it returns.
  const auto alive = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = alive;
  self = emitter_.On([&, alive](int) {
    emitter_.Off(self);
    EXPECT_EQ(*alive, 7);
    called_.push_back(watched.use_count() > 1 ? 1 : 0);
  });
  emitter_.On(Note(2));
  EXPECT_THAT(Round(), ElementsAre(1, 2));
  EXPECT_EQ(watched.use_count(), 1);
  EXPECT_THAT(Round(), ElementsAre(2));
}

TEST_F(EmitterTest, ListenerThatAnotherRemovesIsNotCalledInThatRound) {
  ListenerId later = 0;
  emitter_.On([&](int) { emitter_.Off(later); });
  later = emitter_.On(Note(2));
  EXPECT_THAT(Round(), IsEmpty());
}

TEST_F(EmitterTest, ListenerThatIsAddedIsCalledFromTheNextRoundOn) {
  emitter_.Once([&](int) { emitter_.On(Note(2)); });
  EXPECT_THAT(Round(), IsEmpty());
  EXPECT_THAT(Round(), ElementsAre(2));
}

TEST_F(EmitterTest, OnceIsCalledOnceThoughItsListenerEmitsAgain) {
  emitter_.Once([&](int n) {
    called_.push_back(n);
    if (n < 3) emitter_.Emit(n + 1);
  });
  EXPECT_THAT(Round(), ElementsAre(0));
}

}  // namespace
}  // namespace cluster
