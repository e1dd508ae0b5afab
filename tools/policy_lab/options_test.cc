#include "tools/policy_lab/options.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/policy_lab/flags.h"
#include "tools/policy_lab/incident.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {
namespace {

using Words = std::vector<std::string>;

absl::StatusOr<Options> Parse(const Words& words,
                              const std::string& folder = "/folder") {
  return ParseOptions(words, {folder, 3});
}

Options Parsed(const Words& words, const std::string& folder = "/folder") {
  absl::StatusOr<Options> options = Parse(words, folder);
  EXPECT_TRUE(options.ok()) << options.status();
  return *std::move(options);
}

std::string Refusal(const Words& words, const std::string& folder = "/folder") {
  return std::string(Parse(words, folder).status().message());
}

TEST(OptionsTest, DefaultsAreThoseOfTheHelp) {
  const Options options = Parsed({});
  EXPECT_EQ(options.experiment.policies,
            Words({"random", "round_robin", "least_connections"}));
  EXPECT_EQ(options.experiment.threads, 3u);
  EXPECT_EQ(options.experiment.seeds, 1u);
  const Scenario& scenario = options.experiment.scenario;
  EXPECT_EQ(scenario.simulation.board.workers, 8u);
  EXPECT_EQ(scenario.simulation.arrivals, 1'000'000u);
  EXPECT_EQ(scenario.simulation.warmup, 100'000u);
  EXPECT_EQ(scenario.load, 0.9);
  EXPECT_EQ(scenario.requests.mean_work_ns, 1e6);
  EXPECT_EQ(options.confidence, 0.95);
}

TEST(OptionsTest, ReadsAllKindsOfFlags) {
  const Options options = Parsed({"--policies=p2c:d=3,random",
                                  "--workers",
                                  "4",
                                  "--weights=1,3",
                                  "--worker=ps",
                                  "--slow=0:3x",
                                  "--slow=1:1.5x,from=2s,for=1s",
                                  "--stall=2:from=10ms,for=5ms",
                                  "--restart=3:from=1s",
                                  "--stale=10ms",
                                  "--load=75%",
                                  "--service=bimodal:long=5%",
                                  "--mean=2ms",
                                  "--requests=10",
                                  "--think=7ms",
                                  "--traffic=mmpp:peak=5,share=0.1",
                                  "--warmup=0",
                                  "--seeds=20",
                                  "--confidence=99.9%",
                                  "--csv=out.csv",
                                  "--plot=/tmp/x",
                                  "--json"});
  EXPECT_EQ(options.experiment.policies, Words({"p2c:d=3", "random"}));
  const Scenario& scenario = options.experiment.scenario;
  const SimulationConfig& simulation = scenario.simulation;
  EXPECT_EQ(simulation.board.weights, std::vector<uint32_t>({1, 3, 1, 3}));
  EXPECT_TRUE(simulation.processor_sharing);
  EXPECT_EQ(simulation.stale_ns, 10'000'000);
  EXPECT_EQ(simulation.warmup, 0u);
  ASSERT_EQ(simulation.incidents.size(), 4u);
  EXPECT_EQ(simulation.incidents[0].factor, 3);
  EXPECT_EQ(simulation.incidents[0].to_ns, kNever);
  EXPECT_EQ(simulation.incidents[1].worker, 1u);
  EXPECT_EQ(simulation.incidents[1].to_ns, 3'000'000'000);
  EXPECT_EQ(simulation.incidents[2].kind, Incident::Kind::kStall);
  EXPECT_EQ(simulation.incidents[2].from_ns, 10'000'000);
  EXPECT_EQ(simulation.incidents[3].kind, Incident::Kind::kRestart);
  EXPECT_DOUBLE_EQ(scenario.load, 0.75);
  EXPECT_EQ(scenario.traffic, Traffic::kMmpp);
  EXPECT_EQ(scenario.peak, 5);
  EXPECT_EQ(scenario.requests.mean_work_ns, 2e6);
  EXPECT_EQ(scenario.requests.requests, 10);
  EXPECT_EQ(scenario.requests.think_ns, 7e6);
  EXPECT_DOUBLE_EQ(options.confidence, 0.999);
  EXPECT_EQ(options.csv, "/folder/out.csv");
  EXPECT_EQ(options.plot, "/tmp/x");
  EXPECT_TRUE(options.json);
  EXPECT_TRUE(absl::StrContains(options.twists, "--slow=0:3x --slow=1:1.5x"));
}

TEST(OptionsTest, ErrorsAreOneLineThatSaysWhatToDo) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"--worker=4"}, "--worker=\"4\" is unknown: give fcfs, ps"},
      {{"--wrkers=4"}, "unknown flag --wrkers: did you mean --workers?"},
      {{"p2c"}, "\"p2c\" is no flag"},
      {{"--workers"}, "--workers needs a value"},
      {{"--workers="}, "--workers needs a value"},
      {{"--workers=0"}, "is not a whole number from 1 to 10000"},
      {{"--workers=10001"}, "is not a whole number from 1 to 10000"},
      {{"--workers=2", "--workers=3"}, "given twice"},
      {{"--json=1"}, "takes no value"},
      {{"--policies=p3c"}, "unknown policy \"p3c\""},
      {{"--policies="}, "needs a value"},
      {{"--policies=random,"}, "unknown policy"},
      {{"--load=much"}, "is not a share"},
      {{"--load=0"}, "is out of range"},
      {{"--load=inf"}, "is not a share"},
      {{"--mean=5"}, "is not a duration"},
      {{"--mean=-5ms"}, "is too short"},
      {{"--mean=inf"}, "is too long"},
      {{"--warmup=100%"}, "is out of range"},
      {{"--confidence=1"}, "is out of range"},
      {{"--arrivals=0"}, "is not a whole number"},
      {{"--arrivals=-1"}, "is not a whole number"},
      {{"--arrivals=1e6"}, "is not a whole number"},
      {{"--slow=0"}, "has no factor: write 0:3x"},
      {{"--slow=8:2x"}, "names no worker: give 0 to 7"},
      {{"--slow=0:0x"}, "bad factor"},
      {{"--stall=x"}, "names no worker"},
      {{"--stall=0:from=10"}, "bad duration"},
      {{"--stall=0:until=1s"}, "unknown parameter until"},
      {{"--weights=1,x"}, "is not a whole number"},
      {{"--traffic=burst"}, "give poisson, mmpp or closed"},
      {{"--traffic=mmpp:peak=20,share=10%"}, "peak * share is over 1"},
      {{"--traffic=closed:clients=5", "--load=50%"}, "does not go with closed"},
      {{"--think=1ms"}, "--think needs connections"},
      {{"--service=normal"}, "is unknown"},
      {{"--replay=/nowhere"}, "/nowhere"},
      {{"--replay=/nowhere", "--load=1"}, "--load does not go with --replay"},
      {{"--mean=1h"}, "more than 90 days: give fewer --arrivals"},
      {{"--traffic=closed:clients=1,think=1h"}, "more than 90 days"},
      {{"--record=x", "--requests=3"}, "--record writes single requests"}};
  for (const auto& [words, expected] : cases) {
    const std::string message = Refusal(words);
    EXPECT_TRUE(absl::StrContains(message, expected))
        << words.front() << ": " << message;
    EXPECT_FALSE(absl::StrContains(message, '\n'));
  }
}

TEST(OptionsTest, TraceSaysHowManyArrivalsThereAre) {
  std::ofstream(absl::StrCat(testing::TempDir(), "/two.trace"))
      << "cluster-trace 1\n1 5 1\n2 5 1\nend 2\n";
  EXPECT_EQ(Parsed({"--replay=two.trace"}, testing::TempDir())
                .experiment.scenario.simulation.arrivals,
            2u);
  EXPECT_EQ(Parsed({"--replay=two.trace", "--arrivals=1"}, testing::TempDir())
                .experiment.scenario.simulation.arrivals,
            1u);
  EXPECT_EQ(Parsed({"--service=trace:file=two.trace"}, testing::TempDir())
                .experiment.scenario.requests.mean_work_ns,
            5000);
}

TEST(OptionsTest, CutTraceIsRefused) {
  std::ofstream(absl::StrCat(testing::TempDir(), "/cut.trace"))
      << "cluster-trace 1\n1 5 1\n2 5";
  EXPECT_TRUE(
      absl::StrContains(Refusal({"--replay=cut.trace"}, testing::TempDir()),
                        "cut.trace was cut short"));
}

TEST(FlagsTest, HelpHasEveryFlagWithinEightyColumns) {
  const std::string help = HelpText();
  for (const Flag& flag : AllFlags()) {
    EXPECT_TRUE(absl::StrContains(help, absl::StrCat("  ", flag.name)));
  }
  size_t begin = 0;
  while (begin < help.size()) {
    const size_t end = help.find('\n', begin);
    EXPECT_LE(end - begin, 84u) << help.substr(begin, end - begin);
    begin = end + 1;
  }
  EXPECT_TRUE(Parsed({"--help"}).help);
}

}  // namespace
}  // namespace cluster::lab
