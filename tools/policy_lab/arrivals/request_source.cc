#include "tools/policy_lab/arrivals/request_source.h"

#include <algorithm>
#include <cmath>

#include "tools/policy_lab/sim_time.h"

namespace cluster::lab {
namespace {

constexpr uint64_t kSizes = 1;
constexpr uint64_t kKeys = 2;
constexpr uint64_t kConnections = 3;
constexpr double kMaxRequests = 4e9;

// Keys as the host makes them are hashes: spread over all 64 bits.
uint64_t Spread(uint64_t key) { return (key + 1) * 0x9e3779b97f4a7c15; }

}  // namespace

RequestSource::RequestSource(const RequestShape& shape, uint64_t seed)
    : shape_(shape),
      sizes_(seed, kSizes),
      keys_(seed, kKeys),
      connections_(seed, kConnections) {}

int64_t RequestSource::WorkNs(RandomStream& random) const {
  return AtLeastOneNs(shape_.service->Draw(random) * shape_.mean_work_ns);
}

Demand RequestSource::Draw() {
  Demand demand = {.work_ns = WorkNs(sizes_),
                   .key = Spread(keys_.Below(shape_.keys))};
  if (shape_.requests > 1) {
    const double more =
        std::log(connections_.Uniform()) / std::log1p(-1 / shape_.requests);
    demand.requests = 1 + static_cast<uint32_t>(std::min(more, kMaxRequests));
    demand.seed = connections_.Next();
  }
  return demand;
}

FollowingRequest RequestSource::Next(uint64_t seed, uint32_t left) const {
  RandomStream random(seed, left);
  return {.think_ns = shape_.think_ns == 0 ? 0
                                           : AtLeastOneNs(random.Exponential() *
                                                          shape_.think_ns),
          .work_ns = WorkNs(random)};
}

}  // namespace cluster::lab
