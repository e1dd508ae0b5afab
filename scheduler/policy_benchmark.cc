// The cost of one pick, by policy and number of candidates.
//
//   bazel run //scheduler:policy_benchmark
//
// "mixed": different loads and weights, one minimum. "idle": all loads are 0,
// so that every candidate ties. "batch": one more connection after each pick,
// as the dispatcher does. "learnt": the loads of "mixed", slots that are not in
// the order of the rows, as after restarts, and reports: one of each worker
// before, and one for every sixteen picks, whose cost is in theirs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scheduler/candidate_table.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"
#include "scheduler/split_mix64.h"

namespace cluster {
namespace {

enum class Loads { kMixed, kIdle, kBatch, kLearnt };

CandidateTable MakeCandidates(size_t n, Loads loads) {
  SplitMix64 random(1);
  std::vector<uint32_t> slots(n);
  std::iota(slots.begin(), slots.end(), 0);
  for (size_t i = loads == Loads::kLearnt ? n : 0; i > 1; --i) {
    std::swap(slots[i - 1], slots[random.Below(i)]);
  }
  CandidateTable table;
  for (size_t i = 0; i < n; ++i) {
    Candidate row = {.key = i + 1, .slot = slots[i]};
    if (loads == Loads::kMixed || loads == Loads::kLearnt) {
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

// Tells that the worker of `row` has finished one, of about a millisecond.
void Report(Policy& policy, const Candidates& view, size_t row, int64_t now) {
  policy.OnCompleted({.key = view.keys[row],
                      .slot = view.slots[row],
                      .count = 1,
                      .total_ns = 1'000'000 + static_cast<int64_t>(row),
                      .in_flight = view.in_flight[row],
                      .now_ns = now});
}

void PickLearnt(benchmark::State& state, absl::string_view name) {
  const std::unique_ptr<Policy> policy = *MakePolicy(name, 1);
  CandidateTable table = MakeCandidates(state.range(0), Loads::kLearnt);
  const size_t rows = table.size();
  int64_t now_ns = 1;
  for (size_t row = 0; row < rows; ++row) {
    Report(*policy, table.view(), row, now_ns);
  }
  size_t row = 0;
  for (auto _ : state) {
    now_ns += 1000;
    if (now_ns / 1000 % 16 == 0) {
      Report(*policy, table.view(), row, now_ns);
      row = row + 1 < rows ? row + 1 : 0;
    }
    const size_t index = policy->Pick({.now_ns = now_ns}, table.view());
    benchmark::DoNotOptimize(index);
  }
}

template <class Function, class... Arguments>
void Register(absl::string_view name,
              absl::string_view shape,
              Function function,
              Arguments... arguments) {
  const std::string label = absl::StrCat(name, "/", shape);
  benchmark::RegisterBenchmark(label.c_str(), function, name, arguments...)
      ->Arg(2)
      ->Arg(8)
      ->Arg(64)
      ->Arg(1024)
      ->Arg(10'000);
}

[[maybe_unused]] const bool kRegistered = [] {
  for (const absl::string_view name : PolicyNames()) {
    Register(name, "mixed", Pick, Loads::kMixed);
    Register(name, "idle", Pick, Loads::kIdle);
    Register(name, "batch", Pick, Loads::kBatch);
    Register(name, "learnt", PickLearnt);
  }
  return true;
}();

}  // namespace
}  // namespace cluster
