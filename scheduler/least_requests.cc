#include "scheduler/least_requests.h"

#include <limits>

#include "scheduler/avx2.h"

namespace cluster {
namespace {

// More than any worker has, so that a row with it is never the least.
constexpr uint32_t kMost = std::numeric_limits<uint32_t>::max();

struct Columns {
  const uint32_t* requests;
  const uint32_t* weights;
  const uint32_t* in_flight;
  size_t rows;
};

// Copies the rows whose requests equal those of row `least`; others cannot win.
[[gnu::always_inline]] inline void CopyEqual(const Columns& from,
                                             size_t least,
                                             uint32_t* __restrict connections,
                                             uint32_t* __restrict weights) {
  const uint32_t requests = from.requests[least];
  const uint32_t weight = from.weights[least];
  for (size_t i = 0; i < from.rows; ++i) {
    // Both factors are widened here, so that halves are multiplied.
    const bool equal = uint64_t{from.requests[i]} * weight ==
                       uint64_t{requests} * from.weights[i];
    connections[i] = equal ? from.in_flight[i] : kMost;
    weights[i] = equal ? from.weights[i] : 1;
  }
}

void CopyPortably(const Columns& from,
                  size_t least,
                  uint32_t* __restrict connections,
                  uint32_t* __restrict weights) {
  CopyEqual(from, least, connections, weights);
}

CLUSTER_AVX2 void CopyWithAvx2(const Columns& from,
                               size_t least,
                               uint32_t* __restrict connections,
                               uint32_t* __restrict weights) {
  CopyEqual(from, least, connections, weights);
}

}  // namespace

size_t LeastRequests::Pick(const Arrival&, const Candidates& candidates) {
  const size_t rows = candidates.size();
  least_.Mark(candidates.requests, candidates.weights);
  const size_t first = least_.Nth(0);
  if (least_.count() == 1) return first;
  if (least_.count() == rows) {
    least_.Mark(candidates.in_flight, candidates.weights);
    return least_.Draw(random_);
  }
  connections_.resize(rows);
  weights_.resize(rows);
  (kHasAvx2 ? CopyWithAvx2 : CopyPortably)({candidates.requests.data(),
                                            candidates.weights.data(),
                                            candidates.in_flight.data(),
                                            rows},
                                           first,
                                           connections_.data(),
                                           weights_.data());
  least_.Mark(connections_, weights_);
  return least_.Draw(random_);
}

}  // namespace cluster
