#include "tools/policy_lab/report/report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tools/policy_lab/experiment.h"
#include "tools/policy_lab/options.h"
#include "tools/policy_lab/report/figures.h"
#include "tools/policy_lab/summary.h"

namespace cluster::lab {
namespace {

struct Reported {
  Options options;
  std::vector<Figures> rows;
};

Reported Report(const std::vector<std::string>& words) {
  Options options = *ParseOptions(words, {"/", 1});
  const std::vector<Summary> summaries =
      *RunExperiment(options.experiment, nullptr);
  return {options, FiguresOf(options.experiment, summaries, 0.95)};
}

Reported Small() {
  return Report({"--policies=random,p2c:d=2",
                 "--arrivals=20000",
                 "--seeds=3",
                 "--workers=4",
                 "--load=50%"});
}

TEST(ReportTest, TableHasARowForEachPolicyAndTheory) {
  const Reported small = Small();
  const std::string table = TableOf(small.options, small.rows);
  EXPECT_TRUE(absl::StartsWith(
      table,
      "4 fcfs workers, poisson, load 50 %, exponential service of 1ms; 20,000 "
      "arrivals, seeds: 3; ± at 95 %\n\npolicy "));
  EXPECT_TRUE(absl::StrContains(table, "\nrandom "));
  EXPECT_TRUE(absl::StrContains(table, "M/M/1: 2.000, p99 9.210\n"));
  EXPECT_TRUE(absl::StrContains(table, "\np2c:d=2 "));
  EXPECT_FALSE(absl::StrContains(table, " \n"));
  EXPECT_FALSE(absl::StrContains(table, "inf"));
}

TEST(ReportTest, FiguresAreInTheirUnits) {
  const Figures row = Small().rows.front();
  EXPECT_NEAR(row.mean_ms.mean, 2, 0.2);
  EXPECT_NEAR(row.waited.mean, 0.5, 0.03);
  EXPECT_NEAR(row.busy.mean, 0.5, 0.03);
  EXPECT_GT(row.max_ms, row.p999_ms.mean);
  EXPECT_GT(row.p99_ms.mean, row.p50_ms.mean);
  EXPECT_EQ(row.arrived, 60'000u);
  EXPECT_GT(row.mean_ms.half_width, 0);
}

TEST(ReportTest, OneSeedHasAnIntervalFromBatches) {
  const Reported one = Report({"--policies=random", "--arrivals=20000"});
  EXPECT_GT(one.rows[0].mean_ms.half_width, 0);
  EXPECT_LT(one.rows[0].mean_ms.half_width, one.rows[0].mean_ms.mean);
  const std::string csv = CsvOf(one.rows);
  EXPECT_TRUE(absl::StrContains(csv, ",,"));  // half widths of quantiles
  EXPECT_FALSE(absl::StrContains(csv, "inf"));
  EXPECT_TRUE(absl::StrContains(JsonOf(one.options, one.rows),
                                "\"p99_half_width_ms\":null"));
}

TEST(ReportTest, CsvQuotesPoliciesAndEndsLinesAsItsStandardSays) {
  const std::string csv = CsvOf(Small().rows);
  EXPECT_TRUE(
      absl::StartsWith(csv, "policy,seeds,mean_ms,mean_half_width_ms,p50_ms,"));
  EXPECT_TRUE(absl::StrContains(csv, "\r\n\"p2c:d=2\",3,"));
  EXPECT_TRUE(absl::EndsWith(csv, "\r\n"));
}

TEST(ReportTest, LossesAreTold) {
  const Reported lossy = Report({"--policies=round_robin",
                                 "--arrivals=2000",
                                 "--worker=ps",
                                 "--restart=0:from=100ms,for=50ms"});
  const std::string table = TableOf(lossy.options, lossy.rows);
  EXPECT_TRUE(absl::StrContains(table, "--restart=0:from=100ms,for=50ms"));
  EXPECT_TRUE(absl::StrContains(table, "round_robin: of 2,000 connections "))
      << table;
}

TEST(TheoryForTest, SaysNothingWhereNoFormulaFits) {
  const std::vector<std::vector<std::string>> cases = {
      {"--stale=1ms"},
      {"--slow=0:2x"},
      {"--weights=1,2"},
      {"--traffic=mmpp"},
      {"--requests=2"},
      {"--service=pareto:alpha=1.5"},
      {"--load=120%"}};
  for (std::vector<std::string> words : cases) {
    SCOPED_TRACE(words.front());
    words.insert(words.end(), {"--policies=random", "--arrivals=1000"});
    EXPECT_FALSE(Report(words).rows[0].theory.has_value());
  }
  EXPECT_FALSE(Small().rows[1].theory.has_value());
}

TEST(TheoryForTest, NamesItsModel) {
  const Reported all =
      Report({"--policies=random,round_robin,least_work", "--arrivals=1000"});
  EXPECT_EQ(all.rows[0].theory->model, "M/M/1");
  EXPECT_EQ(all.rows[1].theory->model, "E8/M/1");
  EXPECT_EQ(all.rows[2].theory->model, "M/M/8");
  const Reported two_kinds = Report({"--policies=random",
                                     "--arrivals=1000",
                                     "--load=90%",
                                     "--service=hyperexponential:cv2=10"});
  EXPECT_EQ(two_kinds.rows[0].theory->model, "M/H2/1");
  EXPECT_NEAR(two_kinds.rows[0].theory->mean_ns, 50.5e6, 1);
  EXPECT_NEAR(*two_kinds.rows[0].theory->p99_ns, 264.345e6, 1e3);
  const Reported sharing = Report({"--policies=random",
                                   "--arrivals=1000",
                                   "--worker=ps",
                                   "--service=bimodal"});
  EXPECT_EQ(sharing.rows[0].theory->model, "M/G/1 PS");
  EXPECT_NEAR(sharing.rows[0].theory->mean_ns, 1e7, 1);
}

}  // namespace
}  // namespace cluster::lab
