#include "tools/policy_lab/theory_for.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "tools/policy_lab/service/exponential.h"
#include "tools/policy_lab/service/hyper_exponential.h"
#include "tools/policy_lab/theory.h"

namespace cluster::lab {
namespace {

constexpr double kP99 = 0.99;

// Below this many workers the limit of infinitely many says little.
constexpr uint32_t kManyWorkers = 100;

bool IsPlain(const Scenario& scenario) {
  const SimulationConfig& simulation = scenario.simulation;
  bool alike = true;
  for (const uint32_t weight : simulation.board.weights) {
    alike = alike && weight == simulation.board.weights.front();
  }
  return alike && scenario.traffic == Traffic::kPoisson && scenario.load < 1 &&
         scenario.requests.requests == 1 && simulation.stale_ns == 0 &&
         simulation.incidents.empty() &&
         simulation.board.capacity == UINT32_MAX;
}

Prediction Exponentially(const std::string& model,
                         double mean,
                         double unit_ns) {
  return {.model = model,
          .mean_ns = mean * unit_ns,
          .p99_ns = ExponentialQuantile(mean, kP99) * unit_ns};
}

absl::optional<Prediction> RandomSplit(const Scenario& scenario,
                                       bool exponential) {
  const double unit_ns = scenario.requests.mean_work_ns;
  if (scenario.simulation.processor_sharing) {
    return Prediction{.model = "M/G/1 PS",
                      .mean_ns = ProcessorSharingMean(scenario.load) * unit_ns,
                      .p99_ns = {}};
  }
  const double square = scenario.requests.service->second_moment();
  if (std::isinf(square)) return absl::nullopt;
  const double mean = PollaczekKhinchineMean(scenario.load, square);
  if (exponential) return Exponentially("M/M/1", mean, unit_ns);
  const auto* const hyper =
      dynamic_cast<const HyperExponential*>(scenario.requests.service.get());
  if (hyper != nullptr) {
    return Prediction{
        .model = "M/H2/1",
        .mean_ns = mean * unit_ns,
        .p99_ns = HyperExponentialQuantile(scenario.load, hyper->cv2(), kP99) *
                  unit_ns};
  }
  return Prediction{.model = "M/G/1", .mean_ns = mean * unit_ns, .p99_ns = {}};
}

}  // namespace

absl::optional<Prediction> TheoryFor(const Scenario& scenario,
                                     const std::string& policy) {
  if (!IsPlain(scenario)) return absl::nullopt;
  const uint32_t workers = scenario.simulation.board.workers;
  const double load = scenario.load;
  const double unit_ns = scenario.requests.mean_work_ns;
  const bool exponential = dynamic_cast<const Exponential*>(
                               scenario.requests.service.get()) != nullptr;
  if (policy == "random" || workers == 1) {
    return RandomSplit(scenario, exponential);
  }
  if (!exponential || scenario.simulation.processor_sharing) {
    return absl::nullopt;
  }
  if (policy == "round_robin") {
    return Exponentially(absl::StrCat("E", workers, "/M/1"),
                         1 / (1 - RoundRobinSigma(workers, load)),
                         unit_ns);
  }
  if (policy == "least_work") {
    return Prediction{
        .model = absl::StrCat("M/M/", workers),
        .mean_ns = CentralQueueMean(workers, load) * unit_ns,
        .p99_ns = CentralQueueQuantile(workers, load, kP99) * unit_ns};
  }
  if ((policy == "p2c" || policy == "p2c:d=2") && workers >= kManyWorkers) {
    return Prediction{.model = "JSQ(2), n=inf",
                      .mean_ns = ChoicesMean(2, load) * unit_ns,
                      .p99_ns = {}};
  }
  return absl::nullopt;
}

}  // namespace cluster::lab
