#include "scheduler/least_requests.h"

#include "scheduler/avx2.h"

namespace cluster {
namespace {

[[gnu::always_inline]] inline bool AllZero(const uint32_t* column,
                                           size_t rows) {
  uint32_t any = 0;
  for (size_t i = 0; i < rows; ++i) any |= column[i];
  return any == 0;
}

[[gnu::always_inline]] inline bool Equal(const uint32_t* column,
                                         const uint32_t* other,
                                         size_t rows) {
  uint32_t any = 0;
  for (size_t i = 0; i < rows; ++i) any |= column[i] ^ other[i];
  return any == 0;
}

bool AllZeroPortably(const uint32_t* column, size_t rows) {
  return AllZero(column, rows);
}

CLUSTER_AVX2 bool AllZeroWithAvx2(const uint32_t* column, size_t rows) {
  return AllZero(column, rows);
}

bool EqualPortably(const uint32_t* column, const uint32_t* other, size_t rows) {
  return Equal(column, other, rows);
}

CLUSTER_AVX2 bool EqualWithAvx2(const uint32_t* column,
                                const uint32_t* other,
                                size_t rows) {
  return Equal(column, other, rows);
}

}  // namespace

size_t LeastRequests::Pick(const Arrival&, const Candidates& candidates) {
  const auto all_zero = kHasAvx2 ? AllZeroWithAvx2 : AllZeroPortably;
  if (all_zero(candidates.requests.data(), candidates.size())) {
    least_.Mark(candidates.in_flight, candidates);
    return least_.Draw(candidates, random_);
  }
  least_.Mark(candidates.requests, candidates);
  if (least_.count() == 1) return least_.Nth(0);
  // One request a connection: what has the least of one has it of both.
  const auto equal = kHasAvx2 ? EqualWithAvx2 : EqualPortably;
  if (equal(candidates.requests.data(),
            candidates.in_flight.data(),
            candidates.size())) {
    return least_.Draw(candidates, random_);
  }
  least_.Narrow(candidates.in_flight, candidates);
  return least_.Draw(candidates, random_);
}

}  // namespace cluster
