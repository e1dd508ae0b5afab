#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/control/messages.h"
#include "core/control/metric_definition.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

class MetricServiceTest : public ServiceFixture {
 protected:
  // Returns the metrics that the primary heard of since the last call.
  std::vector<MetricDefinition> Told() {
    std::vector<MetricDefinition> told;
    for (const auto& [type, payload] : Sent()) {
      if (type != FrameType::kMetric) continue;
      told.push_back(*Decode<MetricDefinition>(payload));
    }
    return told;
  }

  const cluster_metric_v1* const metrics_ =
      Find<cluster_metric_v1>(CLUSTER_SERVICE_METRIC_V1);
  cluster_metric* metric_ = nullptr;
};

TEST_F(MetricServiceTest, PrimaryIsToldOnceAndReadsTheCells) {
  ASSERT_EQ(metrics_->counter(host_, "a_total", "Help.", &metric_), CLUSTER_OK);
  cluster_metric* again = nullptr;
  ASSERT_EQ(metrics_->counter(host_, "a_total", "Help.", &again), CLUSTER_OK);
  EXPECT_EQ(again, metric_);
  metrics_->add(metric_, 5);
  const std::vector<MetricDefinition> told = Told();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].name, "a_total");
  EXPECT_EQ(told[0].help, "Help.");
  EXPECT_EQ(page_->metric_cells[told[0].first_cell], 5u);
}

TEST_F(MetricServiceTest, HistogramAndGauge) {
  const double bounds[] = {1, 2};
  ASSERT_EQ(metrics_->histogram(host_, "h", "", bounds, 2, &metric_),
            CLUSTER_OK);
  metrics_->observe(metric_, 1.5);
  metrics_->observe(metric_, std::nan(""));
  EXPECT_EQ(page_->metric_cells[1], 1u);
  EXPECT_EQ(page_->metric_cells[2], 0u) << "no number, no bucket";
  ASSERT_EQ(metrics_->gauge(host_, "g", "", &metric_), CLUSTER_OK);
  metrics_->set(metric_, -2);
  EXPECT_EQ(std::bit_cast<double>(page_->metric_cells[4].load()), -2);
  EXPECT_EQ(Told()[0].bounds, std::vector<double>({1, 2}));
}

TEST_F(MetricServiceTest, BadDefinitionsAreInvalid) {
  const double bounds[33] = {2, 1};
  EXPECT_EQ(metrics_->counter(host_, "a", "", &metric_), CLUSTER_E_INVALID);
  EXPECT_EQ(metrics_->gauge(host_, "9", "", &metric_), CLUSTER_E_INVALID);
  EXPECT_EQ(metrics_->gauge(host_, nullptr, "", &metric_), CLUSTER_E_INVALID);
  EXPECT_EQ(metrics_->gauge(host_, "g", nullptr, &metric_), CLUSTER_E_INVALID);
  EXPECT_EQ(metrics_->gauge(host_, "g", "", nullptr), CLUSTER_E_INVALID);
  for (const uint64_t count : {uint64_t{0},
                               uint64_t{2},
                               uint64_t{33},
                               std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(metrics_->histogram(host_, "h", "", bounds, count, &metric_),
              CLUSTER_E_INVALID)
        << count;
  }
  EXPECT_EQ(metrics_->histogram(host_, "h", "", nullptr, 1, &metric_),
            CLUSTER_E_INVALID);
  EXPECT_EQ(metric_, nullptr);
  EXPECT_TRUE(Told().empty());
}

TEST_F(MetricServiceTest, KindsAreNotMixedUp) {
  ASSERT_EQ(metrics_->gauge(host_, "g", "", &metric_), CLUSTER_OK);
  metrics_->add(metric_, 1);
  metrics_->observe(metric_, 1);
  metrics_->add(nullptr, 1);
  EXPECT_EQ(page_->metric_cells[0], 0u);
  EXPECT_EQ(page_->metric_cells[1], 0u);
}

TEST_F(MetricServiceTest, OutOfCellsIsALimit) {
  std::vector<double> bounds;
  for (int i = 0; i < 32; ++i) bounds.push_back(i);
  cluster_status status = CLUSTER_OK;
  int made = 0;
  for (; status == CLUSTER_OK; ++made) {
    const std::string name = "h" + std::to_string(made);
    status = metrics_->histogram(
        host_, name.c_str(), "", bounds.data(), bounds.size(), &metric_);
  }
  EXPECT_EQ(status, CLUSTER_E_LIMIT);
  EXPECT_EQ(made, CLUSTER_MAX_METRIC_CELLS / 34 + 1);
}

TEST_F(MetricServiceTest, NoneIsMadeWhileDraining) {
  context_.contract().Enter(PluginPhase::kDraining);
  EXPECT_EQ(metrics_->gauge(host_, "g", "", &metric_), CLUSTER_E_STATE);
}

}  // namespace
}  // namespace cluster
