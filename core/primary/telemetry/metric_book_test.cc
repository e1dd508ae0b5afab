#include "core/primary/telemetry/metric_book.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <memory>
#include <string>

#include "absl/status/status.h"

namespace cluster {
namespace {

constexpr uint64_t kMax = UINT64_MAX;

MetricDefinition Counter(uint32_t cell = 0, std::string name = "a_total") {
  return {.name = std::move(name), .help = "", .first_cell = cell};
}

MetricDefinition Gauge(uint32_t cell = 0, std::string name = "g") {
  return {.name = std::move(name),
          .help = "",
          .kind = MetricKind::kGauge,
          .first_cell = cell};
}

MetricDefinition Histogram(uint32_t cell = 0) {
  return {.name = "h",
          .help = "",
          .kind = MetricKind::kHistogram,
          .first_cell = cell,
          .bounds = {1}};
}

class MetricBookTest : public ::testing::Test {
 protected:
  // A worker of `slot` wrote that.
  void Write(uint32_t slot, size_t cell, uint64_t value) {
    pages_[slot]->metric_cells[cell] = value;
    book_.Read(slot, pages_[slot]->metric_cells);
  }
  void WriteDouble(uint32_t slot, size_t cell, double value) {
    Write(slot, cell, std::bit_cast<uint64_t>(value));
  }
  std::string Text() const { return ToText(book_.Families()); }

  MetricBook book_;
  std::unique_ptr<SlotPage> pages_[2] = {std::make_unique<SlotPage>(),
                                         std::make_unique<SlotPage>()};
};

TEST_F(MetricBookTest, AddsUpOverWorkers) {
  for (uint32_t slot = 0; slot < 2; ++slot) {
    ASSERT_TRUE(book_.Define(slot, Counter()).ok());
    ASSERT_TRUE(book_.Define(slot, Gauge(1)).ok());
    ASSERT_TRUE(book_.Define(slot, Histogram(2)).ok());
  }
  Write(0, 0, 3);
  Write(1, 0, 4);
  WriteDouble(0, 1, 1.5);
  WriteDouble(1, 1, 2);
  Write(0, 2, 1);
  Write(1, 3, 2);
  WriteDouble(1, 4, 20);
  EXPECT_EQ(Text(),
            "# TYPE a_total counter\na_total 7\n"
            "# TYPE g gauge\ng 3.5\n"
            "# TYPE h histogram\n"
            "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\n"
            "h_sum 20\nh_count 3\n");
}

TEST_F(MetricBookTest, DeadWorkersCountsStayAndItsGaugesGo) {
  ASSERT_TRUE(book_.Define(0, Counter()).ok());
  ASSERT_TRUE(book_.Define(0, Gauge(1)).ok());
  Write(0, 0, 3);
  WriteDouble(0, 1, 5);
  book_.Retire(0);
  EXPECT_EQ(Text(), "# TYPE a_total counter\na_total 3\n# TYPE g gauge\ng 0\n");
  // Its successor begins at zero.
  pages_[0] = std::make_unique<SlotPage>();
  ASSERT_TRUE(book_.Define(0, Counter()).ok());
  Write(0, 0, 2);
  EXPECT_EQ(Text(), "# TYPE a_total counter\na_total 5\n# TYPE g gauge\ng 0\n");
}

TEST_F(MetricBookTest, CountsNeverFallAndAreBounded) {
  ASSERT_TRUE(book_.Define(0, Counter()).ok());
  Write(0, 0, 10);
  Write(0, 0, 1);
  EXPECT_EQ(Text(), "# TYPE a_total counter\na_total 10\n");
  for (int i = 0; i < 20'000; ++i) {
    Write(0, 0, kMax);
    book_.Retire(0);
    ASSERT_TRUE(book_.Define(0, Counter()).ok());
  }
  EXPECT_EQ(Text(), "# TYPE a_total counter\na_total 18446744073709551615\n");
}

TEST_F(MetricBookTest, NumbersThatAreNoneAreNotTaken) {
  ASSERT_TRUE(book_.Define(0, Gauge()).ok());
  WriteDouble(0, 0, 2);
  WriteDouble(0, 0, std::nan(""));
  WriteDouble(0, 0, HUGE_VAL);
  EXPECT_EQ(Text(), "# TYPE g gauge\ng 2\n");
}

TEST_F(MetricBookTest, CellsThatAreNotTheWorkersAreRefused) {
  constexpr auto kBad = absl::StatusCode::kDataLoss;
  EXPECT_EQ(book_.Define(0, Gauge(1)).code(), kBad);
  ASSERT_TRUE(book_.Define(0, Gauge(0)).ok());
  EXPECT_EQ(book_.Define(0, Gauge(0, "f")).code(), kBad);
  EXPECT_EQ(book_.Define(0, Gauge(UINT32_MAX, "f")).code(), kBad);
  EXPECT_EQ(book_.Define(0, Gauge(1, "no name")).code(), kBad);
  for (uint32_t i = 1; i < kMaxMetricCells; ++i) {
    ASSERT_TRUE(book_.Define(0, Gauge(i, "f" + std::to_string(i))).ok());
  }
  EXPECT_EQ(book_.Define(0, Gauge(kMaxMetricCells, "f")).code(), kBad);
}

TEST_F(MetricBookTest, WorkerThatDefinesItOtherwiseDoesNotCount) {
  ASSERT_TRUE(book_.Define(0, Gauge(0, "h")).ok());
  EXPECT_EQ(book_.Define(1, Histogram()).code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(book_.Define(1, Gauge(3)).ok()) << "its cells are used up";
  WriteDouble(0, 0, 1);
  Write(1, 0, 7);
  WriteDouble(1, 3, 2);
  EXPECT_EQ(Text(), "# TYPE g gauge\ng 2\n# TYPE h gauge\nh 1\n");
}

TEST_F(MetricBookTest, NumberOfMetricsIsBoundedOverAllWorkers) {
  size_t refused = 0;
  for (int round = 0; round < 4; ++round) {
    for (uint32_t i = 0; i < kMaxMetricCells; ++i) {
      refused += !book_
                      .Define(0,
                              Gauge(i,
                                    "r" + std::to_string(round) + "_" +
                                        std::to_string(i)))
                      .ok();
    }
    book_.Retire(0);
  }
  EXPECT_EQ(refused, 4 * kMaxMetricCells - MetricBook::kMaxFamilies);
  EXPECT_EQ(book_.Families().size(), MetricBook::kMaxFamilies);
}

}  // namespace
}  // namespace cluster
