#include "plugins/static_files/byte_range.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>

namespace cluster::static_files {

void PrintTo(const ByteRange& range, std::ostream* out) {
  *out << range.first << "+" << range.size;
}

namespace {

using Ranges = std::vector<ByteRange>;
using Kind = RangeSet::Kind;

constexpr uint64_t kSize = 10'000;

Ranges Partial(std::string_view value, uint64_t size = kSize) {
  const RangeSet set = ParseRange(value, size);
  EXPECT_EQ(set.kind, Kind::kPartial) << value;
  return set.ranges;
}

TEST(ByteRangeTest, ReadsTheExamplesOfTheRfc) {
  EXPECT_EQ(Partial("bytes=0-499"), (Ranges{{0, 500}}));
  EXPECT_EQ(Partial("bytes=500-999"), (Ranges{{500, 500}}));
  EXPECT_EQ(Partial("bytes=-500"), (Ranges{{9'500, 500}}));
  EXPECT_EQ(Partial("bytes=9500-"), (Ranges{{9'500, 500}}));
  EXPECT_EQ(Partial("bytes=0-0,-1"), (Ranges{{0, 1}, {9'999, 1}}));
  EXPECT_EQ(Partial("bytes= 0-999, 4500-5499, -1000"),
            (Ranges{{0, 1'000}, {4'500, 1'000}, {9'000, 1'000}}));
  EXPECT_EQ(Partial("bytes=500-600,601-999"), (Ranges{{500, 101}, {601, 399}}));
}

TEST(ByteRangeTest, EndsAtTheEndOfTheFile) {
  EXPECT_EQ(Partial("bytes=9999-10000"), (Ranges{{9'999, 1}}));
  EXPECT_EQ(Partial("bytes=0-"), (Ranges{{0, kSize}}));
  EXPECT_EQ(Partial("bytes=-20000"), (Ranges{{0, kSize}}));
  EXPECT_EQ(Partial("bytes=1-99999999999999999999999"),
            (Ranges{{1, kSize - 1}}));
  EXPECT_EQ(Partial("bytes=-99999999999999999999999"), (Ranges{{0, kSize}}));
}

TEST(ByteRangeTest, KnowsTheLargestFiles) {
  EXPECT_EQ(Partial("bytes=0-", UINT64_MAX), (Ranges{{0, UINT64_MAX}}));
  EXPECT_EQ(Partial("bytes=18446744073709551613-", UINT64_MAX),
            (Ranges{{UINT64_MAX - 2, 2}}));
}

TEST(ByteRangeTest, UnitHasAnyCase) {
  EXPECT_EQ(Partial("BYTES=0-1"), (Ranges{{0, 2}}));
}

TEST(ByteRangeTest, WhatLiesBehindTheEndIsLeftOut) {
  EXPECT_EQ(Partial("bytes=20000-,5-6"), (Ranges{{5, 2}}));
  EXPECT_EQ(Partial("bytes=-0,5-6"), (Ranges{{5, 2}}));
}

TEST(ByteRangeTest, NothingInsideIsUnsatisfiable) {
  for (const char* value : {"bytes=10000-",
                            "bytes=10000-10001",
                            "bytes=-0",
                            "bytes=99999999999999999999-",
                            "bytes=10000-,20000-30000,-0"}) {
    EXPECT_EQ(ParseRange(value, kSize).kind, Kind::kUnsatisfiable) << value;
  }
}

TEST(ByteRangeTest, BrokenSyntaxDoesNotCount) {
  for (const char* value : {"",
                            "bytes",
                            "bytes=",
                            "bytes=,",
                            "bytes=-",
                            "bytes=1",
                            "bytes=a-b",
                            "bytes=1-b",
                            "bytes=2-1",
                            "bytes=+1-2",
                            "bytes=1--2",
                            "bytes=--2",
                            "bytes=1-2-3",
                            "bytes=0x1-0x2",
                            "bytes=0-1,x",
                            "bytes=0-1;2-3",
                            "bytes =0-1",
                            "lines=0-1",
                            "bytes=0-1, bytes=2-3",
                            "0-1"}) {
    EXPECT_EQ(ParseRange(value, kSize).kind, Kind::kWhole) << value;
  }
}

TEST(ByteRangeTest, EmptyFileIsSentWhole) {
  EXPECT_EQ(ParseRange("bytes=0-", 0).kind, Kind::kWhole);
  EXPECT_EQ(ParseRange("bytes=-1", 0).kind, Kind::kWhole);
}

TEST(ByteRangeTest, TooManyRangesDoNotCount) {
  std::string value = "bytes=0-0";
  for (size_t i = 1; i < kMaxRanges; ++i) value += ",5-5";
  EXPECT_EQ(Partial(value).size(), kMaxRanges);
  EXPECT_EQ(ParseRange(value + ",6-6", kSize).kind, Kind::kWhole);
  EXPECT_EQ(ParseRange(value + ",99999-", kSize).kind, Kind::kWhole);
}

TEST(ByteRangeTest, RangesThatComeToMoreThanTheFileDoNotCount) {
  EXPECT_EQ(Partial("bytes=0-4999,0-4999").size(), 2u);
  EXPECT_EQ(ParseRange("bytes=0-4999,0-5000", kSize).kind, Kind::kWhole);
  EXPECT_EQ(ParseRange("bytes=0-,0-,0-", kSize).kind, Kind::kWhole);
}

// What one specification means, spelled as in RFC 9110, 14.1.2.
std::optional<ByteRange> Expected(int first, int last, uint64_t size) {
  const auto end = static_cast<int>(size);
  if (first < 0) {
    first = std::max(0, end - last);
    last = end - 1;
  }
  if (last < 0 || last >= end) last = end - 1;
  if (first >= end || last < first) return std::nullopt;
  return ByteRange{uint64_t(first), uint64_t(last - first + 1)};
}

TEST(ByteRangeTest, EveryRangeOfSmallFiles) {
  for (uint64_t size = 1; size <= 6; ++size) {
    for (int first = -1; first <= 8; ++first) {
      for (int last = -1; last <= 8; ++last) {
        if (first < 0 && last < 0) continue;
        if (first >= 0 && last >= 0 && last < first) continue;
        const std::string value =
            "bytes=" + (first < 0 ? "" : std::to_string(first)) + "-" +
            (last < 0 ? "" : std::to_string(last));
        const RangeSet set = ParseRange(value, size);
        const auto expected = Expected(first, last, size);
        EXPECT_EQ(set.kind, expected ? Kind::kPartial : Kind::kUnsatisfiable)
            << value << " of " << size;
        if (expected) EXPECT_EQ(set.ranges, Ranges{*expected}) << value;
      }
    }
  }
}

}  // namespace
}  // namespace cluster::static_files
