#include "core/primary/telemetry/metric_family.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace cluster {
namespace {

std::string Text(const MetricFamily& family) { return ToText({family}); }

TEST(MetricFamilyTest, CounterWithLabels) {
  EXPECT_EQ(
      Text({.name = "ends_total",
            .help = "How they ended.",
            .samples = {{"state=\"lost\"", uint64_t{3}},
                        {"state=\"done\"", uint64_t{18446744073709551615u}}}}),
      "# HELP ends_total How they ended.\n"
      "# TYPE ends_total counter\n"
      "ends_total{state=\"lost\"} 3\n"
      "ends_total{state=\"done\"} 18446744073709551615\n");
}

TEST(MetricFamilyTest, GaugeShowsEveryDouble) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  MetricFamily gauge = {.name = "g", .kind = MetricKind::kGauge};
  gauge.samples = {{"", 0.1}, {"", -kInf}, {"", kInf}, {"", std::nan("")}};
  EXPECT_EQ(Text(gauge), "# TYPE g gauge\ng 0.1\ng -Inf\ng +Inf\ng NaN\n");
}

TEST(MetricFamilyTest, HistogramIsCumulative) {
  EXPECT_EQ(Text({.name = "h",
                  .help = "",
                  .kind = MetricKind::kHistogram,
                  .bounds = {0.005, 1},
                  .buckets = {2, 0, 1},
                  .sum = 4.25}),
            "# TYPE h histogram\n"
            "h_bucket{le=\"0.005\"} 2\n"
            "h_bucket{le=\"1\"} 2\n"
            "h_bucket{le=\"+Inf\"} 3\n"
            "h_sum 4.25\n"
            "h_count 3\n");
}

TEST(MetricFamilyTest, HelpStaysOneLine) {
  EXPECT_EQ(Text({.name = "g", .help = "a\\b\nc", .kind = MetricKind::kGauge}),
            "# HELP g a\\\\b\\nc\n# TYPE g gauge\n");
}

}  // namespace
}  // namespace cluster
