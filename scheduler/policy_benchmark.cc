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

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "scheduler/split_mix64.h"

namespace cluster {
namespace {

enum class Loads { kMixed, kIdle, kBatch };

CandidateTable MakeCandidates(size_t n, Loads loads) {
  SplitMix64 random(1);
  CandidateTable table;
  for (size_t i = 0; i < n; ++i) {
    Candidate row = {.key = i + 1, .slot = static_cast<uint32_t>(i)};
    if (loads == Loads::kMixed) {
      row.in_flight = static_cast<uint32_t>(random.Below(100'000));
      row.weight = static_cast<uint32_t>(random.Below(4) + 1);
    }
    table.Add(row);
  }
  return table;
}

void Pick(benchmark::State& state, absl::string_view name, Loads loads) {
  const std::unique_ptr<Policy> policy = *MakePolicy(name, 1);
  CandidateTable table = MakeCandidates(state.range(0), loads);
  for (auto _ : state) {
    const size_t index = policy->Pick({}, table.view());
    benchmark::DoNotOptimize(index);
    if (loads == Loads::kBatch) table.Place(index);
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
