#include "tools/policy_lab/options.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/host/flag_value.h"
#include "core/trace/trace_reader.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "tools/policy_lab/flag_reader.h"
#include "tools/policy_lab/flags.h"
#include "tools/policy_lab/incident_spec.h"
#include "tools/policy_lab/scenario.h"
#include "tools/policy_lab/service/make_service.h"
#include "tools/policy_lab/spec.h"

namespace cluster::lab {
namespace {

constexpr uint32_t kMaxWorkers = 10'000;
constexpr uint32_t kMaxThreads = 1024;
constexpr uint64_t kMaxArrivals = 10'000'000'000;
constexpr double kMaxLoad = 100;
constexpr double kMaxSimulatedNs = 90 * 24 * 3.6e12;

absl::Status ReadPolicies(FlagReader& reader, Experiment* experiment) {
  experiment->policies = SplitSpecs(reader.Text("--policies")
                                        .value_or("random,round_robin,"
                                                  "least_connections"));
  for (const std::string& spec : experiment->policies) {
    RETURN_IF_ERROR(MakePolicy(spec, 1).status());
  }
  return absl::OkStatus();
}

absl::Status ReadWeights(const FlagReader& reader, BoardConfig* board) {
  const std::optional<std::string> text = reader.Text("--weights");
  if (!text) return absl::OkStatus();
  std::vector<uint32_t> given;
  for (const absl::string_view piece : absl::StrSplit(*text, ',')) {
    ASSIGN_OR_RETURN(const uint32_t weight,
                     ParseNumber("--weights", piece, 1, kMaxWeight));
    given.push_back(weight);
  }
  for (uint32_t i = 0; i < board->workers; ++i) {
    board->weights.push_back(given[i % given.size()]);
  }
  return absl::OkStatus();
}

absl::Status ReadWorkers(FlagReader& reader, SimulationConfig* simulation) {
  reader.Number("--workers", 1, kMaxWorkers, &simulation->board.workers);
  reader.Number("--capacity", 1, UINT32_MAX, &simulation->board.capacity);
  reader.Duration("--stale", &simulation->stale_ns);
  RETURN_IF_ERROR(reader.status());
  if (const auto kind = reader.Text("--worker")) {
    ASSIGN_OR_RETURN(const size_t choice,
                     ParseChoice("--worker", *kind, {"fcfs", "ps"}));
    simulation->processor_sharing = choice == 1;
  }
  RETURN_IF_ERROR(ReadWeights(reader, &simulation->board));
  constexpr std::pair<const char*, Incident::Kind> kKinds[] = {
      {"--slow", Incident::Kind::kSlow},
      {"--stall", Incident::Kind::kStall},
      {"--restart", Incident::Kind::kRestart}};
  for (const auto& [flag, kind] : kKinds) {
    for (const std::string& text : reader.All(flag)) {
      ASSIGN_OR_RETURN(
          const Incident incident,
          ParseIncident(flag, text, kind, simulation->board.workers));
      simulation->incidents.push_back(incident);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadTraffic(FlagReader& reader, Scenario* scenario) {
  const std::string text = reader.Text("--traffic").value_or("poisson");
  ASSIGN_OR_RETURN(Spec spec, Spec::Parse("--traffic", text));
  if (spec.name() == "mmpp") {
    scenario->traffic = Traffic::kMmpp;
    scenario->peak = spec.Number("peak", 4, 1, 1e6);
    scenario->burst_share = spec.Share("share", 0.1);
    scenario->burst_ns =
        static_cast<double>(spec.DurationNs("burst", 100'000'000));
    if (scenario->peak * scenario->burst_share > 1) {
      spec.Fail("has more in its bursts than in all: peak * share is over 1");
    }
  } else if (spec.name() == "closed") {
    scenario->traffic = Traffic::kClosed;
    scenario->clients =
        static_cast<uint32_t>(spec.Number("clients", 64, 1, 1e7));
    scenario->client_think_ns =
        static_cast<double>(spec.DurationNs("think", 0));
    reader.Exclude({"--load"},
                   "does not go with closed traffic: clients and "
                   "their thinking make the load");
  } else if (spec.name() != "poisson") {
    spec.Fail("is unknown: give poisson, mmpp or closed");
  }
  return spec.Finish();
}

absl::Status ReadReplay(FlagReader& reader, Scenario* scenario) {
  reader.Exclude({"--traffic",
                  "--load",
                  "--service",
                  "--mean",
                  "--requests",
                  "--think",
                  "--keys"},
                 "does not go with --replay: the trace says it");
  RETURN_IF_ERROR(reader.status());
  scenario->traffic = Traffic::kReplay;
  reader.Path("--replay", &scenario->replay);
  ASSIGN_OR_RETURN(const TraceReader trace,
                   TraceReader::Open(scenario->replay));
  SimulationConfig& simulation = scenario->simulation;
  if (!reader.Has("--arrivals")) simulation.arrivals = trace.rows();
  simulation.arrivals = std::min(simulation.arrivals, trace.rows());
  return absl::OkStatus();
}

// Refuses what would take longer than the simulated clock is exact.
absl::Status CheckLength(const Scenario& scenario) {
  const SimulationConfig& simulation = scenario.simulation;
  const RequestShape& shape = scenario.requests;
  const bool closed = scenario.traffic == Traffic::kClosed;
  const double each_ns = shape.mean_work_ns * shape.requests /
                         simulation.board.workers /
                         (closed ? 1 : scenario.load);
  const double thinking_ns =
      closed ? scenario.client_think_ns / scenario.clients : 0;
  const double total_ns =
      static_cast<double>(simulation.arrivals) * (each_ns + thinking_ns);
  if (total_ns <= kMaxSimulatedNs) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "that would take ",
      absl::FormatDuration(absl::Hours(std::ceil(total_ns / 3.6e12))),
      " of simulated time, more than 90 days: give fewer --arrivals or a "
      "shorter --mean"));
}

absl::Status ReadRequests(FlagReader& reader, Options* options) {
  Scenario& scenario = options->experiment.scenario;
  RequestShape& shape = scenario.requests;
  options->service = reader.Text("--service").value_or(options->service);
  ASSIGN_OR_RETURN(shape.service,
                   MakeService(options->service, reader.directory()));
  if (shape.service->measured_mean_ns() > 0) {
    shape.mean_work_ns = shape.service->measured_mean_ns();
  }
  reader.Duration("--mean", &shape.mean_work_ns);
  reader.Number("--requests", 1, 1'000'000, &shape.requests);
  reader.Duration("--think", &shape.think_ns);
  if (reader.Has("--think") && shape.requests == 1) {
    reader.Exclude({"--think"}, "needs connections of more --requests than 1");
  }
  reader.Number("--keys", 1, UINT32_MAX, &shape.keys);
  reader.Share("--load", 0, kMaxLoad, &scenario.load);
  scenario.simulation.sample_ns =
      std::max<int64_t>(1, static_cast<int64_t>(shape.mean_work_ns));
  RETURN_IF_ERROR(ReadTraffic(reader, &scenario));
  RETURN_IF_ERROR(reader.status());
  return CheckLength(scenario);
}

absl::Status ReadWorkload(FlagReader& reader, Options* options) {
  SimulationConfig& simulation = options->experiment.scenario.simulation;
  simulation.arrivals = 1'000'000;
  if (const auto text = reader.Text("--arrivals")) {
    if (!absl::SimpleAtoi(*text, &simulation.arrivals) ||
        simulation.arrivals == 0 || simulation.arrivals > kMaxArrivals) {
      return FlagError(
          "--arrivals",
          *text,
          absl::StrCat("is not a whole number from 1 to ", kMaxArrivals));
    }
  }
  if (reader.Has("--replay")) {
    RETURN_IF_ERROR(ReadReplay(reader, &options->experiment.scenario));
  } else {
    RETURN_IF_ERROR(ReadRequests(reader, options));
  }
  double warmup = 0.1;
  reader.Share("--warmup", -1, 1, &warmup);
  simulation.warmup =
      static_cast<uint64_t>(warmup * static_cast<double>(simulation.arrivals));
  return reader.status();
}

std::string TwistsOf(const FlagReader& reader) {
  std::string twists;
  for (const char* flag : {"--weights",
                           "--capacity",
                           "--slow",
                           "--stall",
                           "--restart",
                           "--stale",
                           "--requests",
                           "--think"}) {
    for (const std::string& value : reader.All(flag)) {
      absl::StrAppend(&twists, twists.empty() ? "" : " ", flag, "=", value);
    }
  }
  return twists;
}

void ReadOutput(FlagReader& reader, Options* options) {
  options->twists = TwistsOf(reader);
  reader.Path("--csv", &options->csv);
  reader.Path("--plot", &options->plot);
  reader.Path("--record", &options->record);
  options->json = reader.Has("--json");
  options->quiet = reader.Has("--quiet");
  options->progress = reader.Has("--progress");
  if (options->experiment.scenario.requests.requests > 1) {
    reader.Exclude({"--record"},
                   "writes single requests: leave --requests "
                   "away");
  }
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& words,
                                     const OptionsEnvironment& environment) {
  ASSIGN_OR_RETURN(FlagValues values, SortFlags(words));
  Options options;
  options.help = values.count("--help") > 0;
  if (options.help) return options;
  FlagReader reader(std::move(values), environment.working_directory);
  Experiment& experiment = options.experiment;
  experiment.threads = environment.cpus;
  RETURN_IF_ERROR(ReadPolicies(reader, &experiment));
  experiment.scenario.simulation.board.workers = 8;
  RETURN_IF_ERROR(ReadWorkers(reader, &experiment.scenario.simulation));
  RETURN_IF_ERROR(ReadWorkload(reader, &options));
  reader.Number("--seeds", 1, 10'000, &experiment.seeds);
  reader.Number("--seed", 0, UINT32_MAX, &experiment.first_seed);
  reader.Number("--threads", 1, kMaxThreads, &experiment.threads);
  reader.Share("--confidence", 0, 1, &options.confidence);
  ReadOutput(reader, &options);
  RETURN_IF_ERROR(reader.status());
  return options;
}

}  // namespace cluster::lab
