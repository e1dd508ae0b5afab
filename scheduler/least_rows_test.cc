#include "scheduler/least_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "scheduler/policy.h"
#include "scheduler/split_mix64.h"

namespace cluster {
namespace {

constexpr uint32_t kMaxLoad = std::numeric_limits<uint32_t>::max();

std::vector<size_t> Marked(const LeastRows& rows) {
  std::vector<size_t> marked;
  for (size_t i = 0; i < rows.count(); ++i) marked.push_back(rows.Nth(i));
  return marked;
}

// The rows that no other is less than, by the plain rule.
template <class Less>
std::vector<size_t> Expected(size_t size, Less less) {
  size_t best = 0;
  for (size_t i = 1; i < size; ++i) {
    if (less(i, best)) best = i;
  }
  std::vector<size_t> rows;
  for (size_t i = 0; i < size; ++i) {
    if (!less(best, i)) rows.push_back(i);
  }
  return rows;
}

// A view of nothing but weights, of no version.
Candidates View(std::span<const uint32_t> weights) {
  Candidates view;
  view.weights = weights;
  return view;
}

TEST(LeastRowsTest, MarksExactlyTheLeastOfEverySize) {
  SplitMix64 random(1);
  LeastRows rows;
  for (size_t size = 1; size <= 300; ++size) {
    for (const uint64_t range : {uint64_t{1}, uint64_t{3}, uint64_t{1} << 32}) {
      std::vector<uint32_t> loads(size);
      for (uint32_t& load : loads) load = random.Below(range);
      rows.Mark(loads);
      ASSERT_EQ(
          Marked(rows),
          Expected(size,
                   [&](size_t a, size_t b) { return loads[a] < loads[b]; }))
          << size;
    }
  }
}

TEST(LeastRowsTest, MarksExactlyTheLeastByWeight) {
  using Wide = unsigned __int128;
  SplitMix64 random(2);
  LeastRows rows;
  for (size_t size = 1; size <= 300; ++size) {
    for (const bool great : {false, true}) {
      std::vector<uint32_t> loads(size);
      std::vector<uint32_t> weights(size);
      for (size_t i = 0; i < size; ++i) {
        loads[i] = great ? kMaxLoad - random.Below(3) : random.Below(6);
        weights[i] = great ? kMaxWeight - random.Below(3) : random.Below(4) + 1;
      }
      rows.Mark(loads, View(weights));
      ASSERT_EQ(Marked(rows),
                Expected(size,
                         [&](size_t a, size_t b) {
                           return Wide{loads[a]} * weights[b] <
                                  Wide{loads[b]} * weights[a];
                         }))
          << size;
    }
  }
}

// Fractions that are equal or nearly, many and few of them.
TEST(LeastRowsTest, TellsFractionsApartThatAreNearlyEqual) {
  LeastRows rows;
  for (const size_t size : {2u, 9u, 64u, 200u}) {
    std::vector<uint32_t> weights(size);
    std::vector<uint32_t> loads(size);
    for (size_t i = 0; i < size; ++i) {
      weights[i] = 65'536 - static_cast<uint32_t>(i % 7);
      loads[i] = 1000 * weights[i];
    }
    rows.Mark(loads, View(weights));
    EXPECT_EQ(rows.count(), size);
    loads[size / 2] -= 1;  // by 1 in 65 million
    rows.Mark(loads, View(weights));
    EXPECT_EQ(Marked(rows), std::vector<size_t>{size / 2});
  }
}

TEST(LeastRowsTest, NarrowsWhatIsMarked) {
  using Pair = std::pair<double, double>;
  SplitMix64 random(5);
  LeastRows rows;
  for (size_t size = 1; size <= 300; ++size) {
    for (const bool weighted : {false, true}) {
      std::vector<uint32_t> first(size);
      std::vector<uint32_t> second(size);
      std::vector<uint32_t> weights(size, 1);
      for (size_t i = 0; i < size; ++i) {
        first[i] = random.Below(2);
        second[i] = random.Below(3);
        if (weighted) weights[i] = random.Below(2) + 1;
      }
      second[size / 2] = kMaxLoad;
      rows.Mark(first, View(weights));
      rows.Narrow(second, View(weights));
      const auto both = [&](size_t i) {
        return Pair(double(first[i]) / weights[i],
                    double(second[i]) / weights[i]);
      };
      ASSERT_EQ(
          Marked(rows),
          Expected(size, [&](size_t a, size_t b) { return both(a) < both(b); }))
          << size;
    }
  }
}

TEST(LeastRowsTest, MarksWhatIsAtMost) {
  LeastRows rows;
  std::vector<uint32_t> column(100, 7);
  column[3] = 5;
  column[70] = 6;
  rows.MarkUpTo(column, 6);
  EXPECT_EQ(Marked(rows), (std::vector<size_t>{3, 70}));
  EXPECT_EQ(LeastRows::FirstUpTo(column, 6), 3u);
  EXPECT_EQ(LeastRows::FirstUpTo(std::span(column).subspan(4), 6), 66u);
  EXPECT_EQ(LeastRows::FirstUpTo(column, 4), column.size());
  rows.MarkUpTo(column, 4);
  EXPECT_EQ(rows.count(), 0u);
}

TEST(LeastRowsTest, MarksExactlyTheLeastOfFractions) {
  SplitMix64 random(3);
  LeastRows rows;
  for (size_t size = 1; size <= 300; ++size) {
    std::vector<float> loads(size);
    for (float& load : loads) load = random.Below(7) / 8.0f;
    if (size % 3 == 0) loads[size / 2] = std::numeric_limits<float>::infinity();
    rows.Mark(std::span<const float>(loads));
    ASSERT_EQ(
        Marked(rows),
        Expected(size, [&](size_t a, size_t b) { return loads[a] < loads[b]; }))
        << size;
  }
}

TEST(LeastRowsTest, DrawsEachAsOften) {
  std::vector<uint32_t> loads(200, 5);
  const std::vector<size_t> least = {0, 7, 63, 64, 130, 199};
  for (const size_t row : least) loads[row] = 4;
  LeastRows rows;
  rows.Mark(loads);
  SplitMix64 random(4);
  std::vector<int> counts(loads.size());
  const std::vector<uint32_t> weights(loads.size(), 3);
  Candidates view = View(weights);
  const std::vector<uint64_t> keys(loads.size());
  view.keys = keys;
  for (int i = 0; i < 600'000; ++i) ++counts[rows.Draw(view, random)];
  for (const size_t row : least) EXPECT_NEAR(counts[row], 100'000, 1500) << row;
}

// Few and many of the rows are marked, with much and little of all weight.
TEST(LeastRowsTest, DrawsByWeight) {
  constexpr int kDraws = 200'000;
  constexpr size_t kRows = 200;
  SplitMix64 random(6);
  for (const size_t marked : {2u, 24u, 25u, 100u, 200u}) {
    for (const uint32_t others : {1u, 1000u}) {
      std::vector<uint32_t> loads(kRows, 9);
      std::vector<uint32_t> weights(kRows, others);
      uint64_t total = 0;
      for (size_t row = 0; row < marked; ++row) {
        loads[row] = 0;
        weights[row] = static_cast<uint32_t>(row % 3 + 1);
        total += weights[row];
      }
      Candidates view = View(weights);
      const std::vector<uint64_t> keys(kRows);
      view.keys = keys;
      view.version = 1;
      LeastRows rows;
      rows.Mark(loads);
      std::vector<int> counts(kRows);
      for (int i = 0; i < kDraws; ++i) ++counts[rows.Draw(view, random)];
      for (size_t row = 0; row < kRows; ++row) {
        const double share =
            row < marked ? double(kDraws) * weights[row] / total : 0;
        ASSERT_NEAR(counts[row], share, 5 * std::sqrt(share))
            << "row " << row << " of " << marked << " marked";
      }
    }
  }
}

}  // namespace
}  // namespace cluster
