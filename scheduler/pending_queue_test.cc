#include "scheduler/pending_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace cluster {
namespace {

using Queue = PendingQueue<std::unique_ptr<int>>;
constexpr int64_t kNoDeadline = Queue::kNoDeadline;

bool Push(Queue& queue, int value, int64_t deadline_ns) {
  return queue.Push(std::make_unique<int>(value), deadline_ns);
}

void PushFront(Queue& queue, int value, int64_t deadline_ns) {
  queue.PushFront(std::make_unique<int>(value), deadline_ns);
}

std::vector<int> Expire(Queue& queue, int64_t now_ns) {
  std::vector<int> expired;
  queue.Expire(now_ns,
               [&](std::unique_ptr<int> value) { expired.push_back(*value); });
  return expired;
}

std::vector<int> PopAll(Queue& queue) {
  std::vector<int> values;
  while (!queue.empty()) values.push_back(*queue.PopFront());
  return values;
}

TEST(PendingQueueTest, IsFirstInFirstOut) {
  Queue queue(3);
  for (int value : {1, 2, 3}) EXPECT_TRUE(Push(queue, value, 10));
  EXPECT_EQ(PopAll(queue), (std::vector<int>{1, 2, 3}));
}

TEST(PendingQueueTest, RefusesAndLeavesTheValueWhenFull) {
  Queue queue(1);
  EXPECT_FALSE(queue.full());
  ASSERT_TRUE(Push(queue, 1, 10));
  EXPECT_TRUE(queue.full());
  auto value = std::make_unique<int>(2);
  EXPECT_FALSE(queue.Push(std::move(value), 5));
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(*value, 2);
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.next_deadline_ns(), 10);
}

TEST(PendingQueueTest, CapacityOfZeroRefusesAllButWhatWasTakenBack) {
  Queue queue(0);
  EXPECT_TRUE(queue.full());
  EXPECT_FALSE(Push(queue, 1, 10));
  PushFront(queue, 2, 10);
  EXPECT_EQ(PopAll(queue), (std::vector<int>{2}));
}

TEST(PendingQueueTest, TakenBackGoesFirstAndBeyondCapacity) {
  Queue queue(2);
  ASSERT_TRUE(Push(queue, 3, 30));
  ASSERT_TRUE(Push(queue, 4, 40));
  PushFront(queue, 2, 20);
  PushFront(queue, 1, 10);
  EXPECT_EQ(queue.size(), 4u);
  EXPECT_FALSE(Push(queue, 5, 50));
  EXPECT_EQ(*queue.PopFront(), 1);
  EXPECT_EQ(*queue.PopFront(), 2);
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(*queue.PopFront(), 3);
  EXPECT_TRUE(Push(queue, 5, 50));
  EXPECT_EQ(PopAll(queue), (std::vector<int>{4, 5}));
}

TEST(PendingQueueTest, EmptyQueueHasNoDeadline) {
  Queue queue(2);
  EXPECT_EQ(queue.next_deadline_ns(), kNoDeadline);
  ASSERT_TRUE(Push(queue, 1, 10));
  queue.PopFront();
  EXPECT_EQ(queue.next_deadline_ns(), kNoDeadline);
  EXPECT_TRUE(Expire(queue, kNoDeadline).empty());
}

TEST(PendingQueueTest, ExpiresAtItsDeadlineNotBefore) {
  Queue queue(2);
  ASSERT_TRUE(Push(queue, 1, 10));
  ASSERT_TRUE(Push(queue, 2, 20));
  EXPECT_TRUE(Expire(queue, 9).empty());
  EXPECT_EQ(Expire(queue, 10), (std::vector<int>{1}));
  EXPECT_EQ(queue.next_deadline_ns(), 20);
  EXPECT_EQ(Expire(queue, 25), (std::vector<int>{2}));
  EXPECT_TRUE(queue.empty());
}

TEST(PendingQueueTest, ExpiresFromTheMiddleInOrder) {
  Queue queue(5);
  const int64_t deadlines_ns[] = {50, 10, 40, 20, kNoDeadline};
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Push(queue, i, deadlines_ns[i]));
  EXPECT_EQ(queue.next_deadline_ns(), 10);
  EXPECT_EQ(Expire(queue, 20), (std::vector<int>{1, 3}));
  EXPECT_EQ(queue.next_deadline_ns(), 40);
  EXPECT_EQ(PopAll(queue), (std::vector<int>{0, 2, 4}));
}

TEST(PendingQueueTest, LateEntryIsStillPopped) {
  Queue queue(1);
  ASSERT_TRUE(Push(queue, 1, 10));
  EXPECT_EQ(*queue.PopFront(), 1);
}

TEST(PendingQueueTest, DestroysWhatIsLeft) {
  auto watched = std::make_shared<int>(1);
  {
    PendingQueue<std::shared_ptr<int>> queue(1);
    auto copy = watched;
    ASSERT_TRUE(queue.Push(std::move(copy), 10));
    EXPECT_EQ(watched.use_count(), 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

// The rules in their simplest form, to compare with.
struct Model {
  struct Entry {
    int value;
    int64_t deadline_ns;
  };

  std::deque<Entry> entries;

  int64_t NextDeadline() const {
    int64_t next = kNoDeadline;
    for (const Entry& e : entries) next = std::min(next, e.deadline_ns);
    return next;
  }
  std::vector<int> Expire(int64_t now_ns) {
    std::vector<int> expired;
    std::deque<Entry> kept;
    for (const Entry& e : entries) {
      if (e.deadline_ns <= now_ns) expired.push_back(e.value);
      if (e.deadline_ns > now_ns) kept.push_back(e);
    }
    entries = kept;
    return expired;
  }
};

constexpr size_t kCapacity = 3;
constexpr int kDeadlines = 3;  // 1, 2, 3
// Push and PushFront with each deadline, PopFront, Expire at each time.
constexpr int kOperations = 3 * kDeadlines + 1;

// Applies operation `op` to both and compares everything that can be seen.
void Step(Queue& queue, Model& model, int op, int value) {
  const int64_t time_ns = op % kDeadlines + 1;
  if (op < kDeadlines) {
    const bool room = model.entries.size() < kCapacity;
    ASSERT_EQ(Push(queue, value, time_ns), room);
    if (room) model.entries.push_back({value, time_ns});
  } else if (op < 2 * kDeadlines) {
    PushFront(queue, value, time_ns);
    model.entries.push_front({value, time_ns});
  } else if (op < 3 * kDeadlines) {
    ASSERT_EQ(Expire(queue, time_ns), model.Expire(time_ns));
  } else if (!model.entries.empty()) {
    ASSERT_EQ(*queue.PopFront(), model.entries.front().value);
    model.entries.pop_front();
  }
  ASSERT_EQ(queue.size(), model.entries.size());
  ASSERT_EQ(queue.empty(), model.entries.empty());
  ASSERT_EQ(queue.full(), model.entries.size() >= kCapacity);
  ASSERT_EQ(queue.next_deadline_ns(), model.NextDeadline());
}

TEST(PendingQueueTest, EverySequenceOfFiveOperationsFollowsTheRules) {
  constexpr int kLength = 5;
  int sequences = 1;
  for (int i = 0; i < kLength; ++i) sequences *= kOperations;
  for (int sequence = 0; sequence < sequences; ++sequence) {
    Queue queue(kCapacity);
    Model model;
    int rest = sequence;
    for (int i = 0; i < kLength; ++i, rest /= kOperations) {
      Step(queue, model, rest % kOperations, i);
      if (HasFatalFailure()) FAIL() << "sequence " << sequence;
    }
  }
}

TEST(PendingQueueTest, LongSequenceFollowsTheRules) {
  Queue queue(kCapacity);
  Model model;
  uint32_t random = 1;
  for (int i = 0; i < 200'000; ++i) {
    random = random * 1664525u + 1013904223u;
    Step(queue, model, static_cast<int>((random >> 8) % kOperations), i);
    if (HasFatalFailure()) FAIL() << "step " << i;
  }
}

}  // namespace
}  // namespace cluster
