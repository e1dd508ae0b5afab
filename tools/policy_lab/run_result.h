// RunResult: what one simulation found.
#ifndef TOOLS_POLICY_LAB_RUN_RESULT_H_
#define TOOLS_POLICY_LAB_RUN_RESULT_H_

#include <cstdint>
#include <vector>

#include "tools/policy_lab/statistics/batch_means.h"
#include "tools/policy_lab/statistics/histogram.h"
#include "tools/policy_lab/statistics/load_series.h"

namespace cluster::lab {

// What one worker did, from the beginning to the end.
struct WorkerTotals {
  uint32_t requests = 0;   // that it has now
  int64_t since_ns = 0;    // when that was last changed
  uint64_t completed = 0;  // requests
  // The integral of `requests` over time, modulo 2^64: an overload may exceed
  // it.
  uint64_t area_ns = 0;
  int64_t busy_ns = 0;       // how long it had any
  uint64_t response_ns = 0;  // of all completed requests, modulo 2^64
};

struct RunResult {
  RunResult(uint64_t expected, int64_t sample_ns)
      : batches(expected), load(sample_ns) {}

  // Response times of requests that came after the warm-up, and how many of
  // these found their worker busy.
  Histogram response;
  double response_sum_ns = 0;
  uint64_t waited = 0;
  BatchMeans batches;

  // Connections: arrived = ended + lost + present.
  uint64_t arrived = 0;
  uint64_t ended = 0;
  uint64_t lost = 0;     // begun on a worker that went away
  uint64_t present = 0;  // never ended: nobody works any more

  int64_t warm_ns = 0;  // when the warm-up was over
  int64_t last_arrival_ns = 0;
  int64_t end_ns = 0;     // when the last one ended
  double busy_share = 0;  // of all workers' time up to the last arrival
  std::vector<WorkerTotals> workers;
  LoadSeries load;

  double mean_ns() const {
    return response.count() == 0
               ? 0
               : response_sum_ns / static_cast<double>(response.count());
  }
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_RUN_RESULT_H_
