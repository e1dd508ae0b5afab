#include "core/worker/metric_registry.h"

#include <gtest/gtest.h>

#include <bit>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

namespace cluster {
namespace {

class MetricRegistryTest : public ::testing::Test {
 protected:
  absl::StatusOr<Metric*> Make(std::string name,
                               MetricKind kind,
                               std::vector<double> bounds = {}) {
    return registry_.Make({.name = std::move(name),
                           .help = "Help.",
                           .kind = kind,
                           .bounds = std::move(bounds)});
  }
  double Double(size_t cell) const {
    return std::bit_cast<double>(page_->metric_cells[cell].load());
  }

  std::unique_ptr<SlotPage> page_ = std::make_unique<SlotPage>();
  std::vector<MetricDefinition> made_;
  MetricRegistry registry_{page_->metric_cells,
                           [this](const MetricDefinition& definition) {
                             made_.push_back(definition);
                           }};
};

TEST_F(MetricRegistryTest, EachKindWritesItsCells) {
  Metric* const counter = *Make("a_total", MetricKind::kCounter);
  Metric* const gauge = *Make("b", MetricKind::kGauge);
  Metric* const histogram = *Make("c", MetricKind::kHistogram, {1, 10});
  Metric* const last = *Make("d", MetricKind::kGauge);
  counter->Add(2);
  counter->Add(3);
  gauge->Set(-1.5);
  for (const double value : {0.5, 1.0, 7.0, 1000.0}) histogram->Observe(value);
  last->Set(4);
  EXPECT_EQ(page_->metric_cells[0], 5u);
  EXPECT_EQ(Double(1), -1.5);
  EXPECT_EQ(page_->metric_cells[2], 2u) << "at most 1";
  EXPECT_EQ(page_->metric_cells[3], 1u) << "at most 10";
  EXPECT_EQ(page_->metric_cells[4], 1u) << "more";
  EXPECT_EQ(Double(5), 1008.5);
  EXPECT_EQ(Double(6), 4);
  ASSERT_EQ(made_.size(), 4u);
  EXPECT_EQ(made_[2].first_cell, 2u);
  EXPECT_EQ(made_[3].first_cell, 6u);
}

TEST_F(MetricRegistryTest, SameIsFoundAndNotToldAgain) {
  EXPECT_EQ(*Make("a_total", MetricKind::kCounter),
            *Make("a_total", MetricKind::kCounter));
  EXPECT_EQ(made_.size(), 1u);
}

TEST_F(MetricRegistryTest, NameOfAnotherIsTaken) {
  ASSERT_TRUE(Make("h", MetricKind::kHistogram, {1, 2}).ok());
  EXPECT_FALSE(Make("h", MetricKind::kGauge).ok());
  EXPECT_FALSE(Make("h", MetricKind::kHistogram, {1, 3}).ok());
  EXPECT_FALSE(Make("h_sum", MetricKind::kGauge).ok());
  EXPECT_EQ(made_.size(), 1u);
}

TEST_F(MetricRegistryTest, CellsAreBounded) {
  for (size_t i = 0; i < kMaxMetricCells - 2; ++i) {
    ASSERT_TRUE(Make("g" + std::to_string(i), MetricKind::kGauge).ok());
  }
  EXPECT_EQ(Make("h", MetricKind::kHistogram, {1}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Make("x", MetricKind::kGauge).ok());
  EXPECT_TRUE(Make("y", MetricKind::kGauge).ok());
  EXPECT_FALSE(Make("z", MetricKind::kGauge).ok());
}

TEST_F(MetricRegistryTest, ThreadsLoseNothing) {
  Metric* const histogram = *Make("h", MetricKind::kHistogram, {1});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) histogram->Observe(2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(page_->metric_cells[1], 40'000u);
  EXPECT_EQ(Double(2), 80'000);
}

}  // namespace
}  // namespace cluster
