#include "core/control/metric_definition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace cluster {
namespace {

MetricDefinition Counter(std::string name) {
  return {.name = std::move(name), .help = "Help.", .bounds = {}};
}

MetricDefinition Histogram(std::string name, std::vector<double> bounds = {1}) {
  return {.name = std::move(name),
          .help = "Help.",
          .kind = MetricKind::kHistogram,
          .bounds = std::move(bounds)};
}

MetricDefinition Gauge(std::string name) {
  return {.name = std::move(name),
          .help = "Help.",
          .kind = MetricKind::kGauge,
          .bounds = {}};
}

TEST(MetricDefinitionTest, NamesAreThoseOfPrometheus) {
  for (const char* name : {"a", "_x9", "http:requests", "A_B"}) {
    EXPECT_TRUE(CheckMetric(Gauge(name)).ok()) << name;
  }
  for (const char* name : {"", "9a", "a-b", "a b", "ä", "a{", "cluster_x"}) {
    EXPECT_FALSE(CheckMetric(Gauge(name)).ok()) << name;
  }
  EXPECT_TRUE(CheckMetric(Gauge(std::string(128, 'a'))).ok());
  EXPECT_FALSE(CheckMetric(Gauge(std::string(129, 'a'))).ok());
}

TEST(MetricDefinitionTest, CountersAndNoOthersEndInTotal) {
  EXPECT_TRUE(CheckMetric(Counter("requests_total")).ok());
  EXPECT_FALSE(CheckMetric(Counter("requests")).ok());
  EXPECT_FALSE(CheckMetric(Gauge("requests_total")).ok());
}

TEST(MetricDefinitionTest, HelpIsOneLine) {
  MetricDefinition gauge = Gauge("a");
  gauge.help = "one\ntwo";
  EXPECT_FALSE(CheckMetric(gauge).ok());
  gauge.help = std::string(1025, 'x');
  EXPECT_FALSE(CheckMetric(gauge).ok());
  gauge.help = "";
  EXPECT_TRUE(CheckMetric(gauge).ok());
}

TEST(MetricDefinitionTest, BoundsAreFiniteAndAscend) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(CheckMetric(Histogram("h", {-1, 0, 2.5})).ok());
  for (const auto& bounds : {std::vector<double>{},
                             {1, 1},
                             {2, 1},
                             {1, kInf},
                             {std::nan("")},
                             std::vector<double>(33, 1)}) {
    EXPECT_FALSE(CheckMetric(Histogram("h", bounds)).ok());
  }
  EXPECT_EQ(Histogram("h", {1, 2, 3}).cell_count(), 5u);
  MetricDefinition gauge = Gauge("g");
  gauge.bounds = {1};
  EXPECT_FALSE(CheckMetric(gauge).ok());
}

TEST(MetricDefinitionTest, KindThatIsNoneIsRefused) {
  MetricDefinition odd = Gauge("g");
  odd.kind = static_cast<MetricKind>(3);
  EXPECT_FALSE(CheckMetric(odd).ok());
}

TEST(MetricDefinitionTest, HistogramTakesThreeMoreNames) {
  EXPECT_TRUE(names_clash(Histogram("h"), Gauge("h_sum")));
  EXPECT_TRUE(names_clash(Gauge("h_count"), Histogram("h")));
  EXPECT_TRUE(names_clash(Histogram("h"), Histogram("h_bucket")));
  EXPECT_FALSE(names_clash(Histogram("h"), Gauge("h_max")));
  EXPECT_FALSE(names_clash(Gauge("h"), Gauge("h_sum")));
}

}  // namespace
}  // namespace cluster
