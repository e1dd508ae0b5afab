// Summary: what one policy did, over all seeds.
#ifndef TOOLS_POLICY_LAB_SUMMARY_H_
#define TOOLS_POLICY_LAB_SUMMARY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/policy_lab/run_result.h"
#include "tools/policy_lab/statistics/histogram.h"
#include "tools/policy_lab/statistics/load_series.h"
#include "tools/policy_lab/statistics/moments.h"

namespace cluster::lab {

struct Summary {
  explicit Summary(std::string spec) : policy(std::move(spec)) {}

  // Adds the run of another seed.
  void Add(const RunResult& run);

  std::string policy;
  size_t workers = 0;

  // Of requests that came after the warm-up; a value for each seed.
  Moments mean_ns;
  Moments p50_ns;
  Moments p99_ns;
  Moments p999_ns;
  Moments waited;     // the share that found its worker busy
  Moments busy;       // the share of time that workers had something to do
  Moments imbalance;  // requests, most less average

  Moments batches_ns;                   // means of stretches of the first seed
  Histogram response;                   // of all seeds
  std::vector<LoadSeries::Point> load;  // of the first seed

  uint64_t arrived = 0;
  uint64_t ended = 0;
  uint64_t lost = 0;
  uint64_t present = 0;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SUMMARY_H_
