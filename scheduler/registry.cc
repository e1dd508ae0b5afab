#include "scheduler/registry.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "scheduler/bounded_load.h"
#include "scheduler/first.h"
#include "scheduler/idle_first.h"
#include "scheduler/least_connections.h"
#include "scheduler/least_requests.h"
#include "scheduler/least_work.h"
#include "scheduler/maglev.h"
#include "scheduler/p2c.h"
#include "scheduler/peak_ewma.h"
#include "scheduler/policy_spec.h"
#include "scheduler/prequal.h"
#include "scheduler/random.h"
#include "scheduler/rendezvous.h"
#include "scheduler/round_robin.h"
#include "scheduler/smooth_weighted_round_robin.h"

namespace cluster {
namespace {

// A value for each parameter, in the policy's order.
using Values = std::span<const double>;
using Made = std::unique_ptr<Policy>;

constexpr double kNsPerSecond = 1e9;

struct Row {
  PolicyFacts facts;
  Made (*make)(Values values, uint64_t seed);
};

template <class P>
constexpr PolicyFacts FactsOf() {
  return {P::kName, P::kRule, P::kParameters};
}

// Sorted by name.
constexpr Row kPolicies[] = {
    {FactsOf<BoundedLoad>(),
     [](Values values, uint64_t seed) -> Made {
       return std::make_unique<BoundedLoad>(values[0], seed);
     }},
    {FactsOf<First>(),
     [](Values values, uint64_t seed) -> Made {
       return std::make_unique<First>(static_cast<uint32_t>(values[0]), seed);
     }},
    {FactsOf<IdleFirst>(),
     [](Values values, uint64_t seed) -> Made {
       const IdleFirst::Options options = {
           .order = static_cast<IdleFirst::Order>(values[0]),
           .busy = static_cast<IdleFirst::Busy>(values[1])};
       return std::make_unique<IdleFirst>(options, seed);
     }},
    {FactsOf<LeastConnections>(),
     [](Values, uint64_t seed) -> Made {
       return std::make_unique<LeastConnections>(seed);
     }},
    {FactsOf<LeastRequests>(),
     [](Values, uint64_t seed) -> Made {
       return std::make_unique<LeastRequests>(seed);
     }},
    {FactsOf<LeastWork>(),
     [](Values values, uint64_t seed) -> Made {
       return std::make_unique<LeastWork>(values[0] * kNsPerSecond, seed);
     }},
    {FactsOf<Maglev>(),
     [](Values values, uint64_t seed) -> Made {
       return std::make_unique<Maglev>(
           Maglev::kTableSizes[static_cast<size_t>(values[0])], seed);
     }},
    {FactsOf<P2c>(),
     [](Values values, uint64_t seed) -> Made {
       return std::make_unique<P2c>(static_cast<size_t>(values[0]), seed);
     }},
    {FactsOf<PeakEwma>(),
     [](Values values, uint64_t seed) -> Made {
       return std::make_unique<PeakEwma>(values[0] * kNsPerSecond, seed);
     }},
    {FactsOf<Prequal>(),
     [](Values values, uint64_t seed) -> Made {
       const Prequal::Options options = {.q = values[0],
                                         .pool = static_cast<size_t>(values[1]),
                                         .tau_ns = values[2] * kNsPerSecond};
       return std::make_unique<Prequal>(options, seed);
     }},
    {FactsOf<Random>(),
     [](Values, uint64_t seed) -> Made {
       return std::make_unique<Random>(seed);
     }},
    {FactsOf<Rendezvous>(),
     [](Values, uint64_t seed) -> Made {
       return std::make_unique<Rendezvous>(seed);
     }},
    {FactsOf<RoundRobin>(),
     [](Values, uint64_t) -> Made { return std::make_unique<RoundRobin>(); }},
    {FactsOf<SmoothWeightedRoundRobin>(),
     [](Values, uint64_t) -> Made {
       return std::make_unique<SmoothWeightedRoundRobin>();
     }},
};

// More of an unknown name than this helps nobody.
constexpr size_t kMaxShownBytes = 64;

absl::Status UnknownPolicy(absl::string_view name) {
  const absl::string_view shown = name.substr(0, kMaxShownBytes);
  const absl::string_view nearest = NearestName(shown, PolicyNames());
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown policy \"",
      absl::CHexEscape(shown),
      shown.size() < name.size() ? "..." : "",
      "\"; ",
      nearest.empty() ? "" : absl::StrCat("did you mean \"", nearest, "\"? "),
      "Known: ",
      absl::StrJoin(PolicyNames(), ", ")));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view spec,
                                                   uint64_t seed) {
  const absl::string_view name = spec.substr(0, spec.find(':'));
  for (const Row& row : kPolicies) {
    if (row.facts.name != name) continue;
    const absl::StatusOr<PolicySpec> parsed = ParsePolicySpec(spec);
    if (!parsed.ok()) return parsed.status();
    const absl::StatusOr<std::vector<double>> values =
        ReadParameters(*parsed, row.facts.parameters);
    if (!values.ok()) return values.status();
    return row.make(*values, seed);
  }
  return UnknownPolicy(name);
}

std::vector<PolicyFacts> KnownPolicies() {
  std::vector<PolicyFacts> all;
  for (const Row& row : kPolicies) all.push_back(row.facts);
  return all;
}

std::vector<absl::string_view> PolicyNames() {
  std::vector<absl::string_view> names;
  for (const Row& row : kPolicies) names.push_back(row.facts.name);
  return names;
}

std::string PolicyHelp() {
  std::string text;
  for (const Row& row : kPolicies) {
    absl::StrAppend(&text, row.facts.name, "  ", row.facts.rule, "\n");
    for (const PolicyParameter& each : row.facts.parameters) {
      absl::StrAppend(&text,
                      "    ",
                      each.name,
                      "=",
                      ShowParameter(each, each.standard),
                      "  ",
                      each.meaning,
                      ", ",
                      ParameterRange(each),
                      "\n");
    }
  }
  return text;
}

}  // namespace cluster
