// The cost of one pick, by policy and number of candidates.
//
//   bazel run //scheduler:policy_benchmark
//
// "mixed": different loads and weights, one minimum. "idle": all loads are 0,
// so that every candidate ties. "batch": one more connection after each pick,
// as the dispatcher does.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "scheduler/split_mix64.h"

namespace cluster {
namespace {

enum class Loads { kMixed, kIdle, kBatch };

std::vector<Candidate> MakeCandidates(size_t n, Loads loads) {
  SplitMix64 random(1);
  std::vector<Candidate> candidates(n);
  for (size_t i = 0; i < n; ++i) {
    candidates[i].key = i + 1;
    if (loads != Loads::kMixed) continue;
    candidates[i].in_flight = static_cast<uint32_t>(random.Below(100'000));
    candidates[i].weight = static_cast<uint32_t>(random.Below(4) + 1);
  }
  return candidates;
}

void Pick(benchmark::State& state, absl::string_view name, Loads loads) {
  const std::unique_ptr<Policy> policy = *MakePolicy(name, 1);
  std::vector<Candidate> candidates = MakeCandidates(state.range(0), loads);
  for (auto _ : state) {
    const size_t index = policy->Pick(candidates);
    benchmark::DoNotOptimize(index);
    if (loads == Loads::kBatch) ++candidates[index].in_flight;
  }
}

[[maybe_unused]] const bool kRegistered = [] {
  constexpr std::pair<absl::string_view, Loads> kShapes[] = {
      {"mixed", Loads::kMixed},
      {"idle", Loads::kIdle},
      {"batch", Loads::kBatch}};
  for (absl::string_view name : PolicyNames()) {
    for (const auto& [shape, loads] : kShapes) {
      const std::string label = absl::StrCat(name, "/", shape);
      benchmark::RegisterBenchmark(label.c_str(), Pick, name, loads)
          ->Arg(2)
          ->Arg(8)
          ->Arg(64)
          ->Arg(1024)
          ->Arg(10'000);
    }
  }
  return true;
}();

}  // namespace
}  // namespace cluster
