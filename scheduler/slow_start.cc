#include "scheduler/slow_start.h"

#include <algorithm>
#include <cstddef>
#include <functional>

#include "scheduler/policy.h"

namespace cluster {
namespace {

constexpr int64_t kSteps = 10;

}  // namespace

uint32_t SlowStartPercent(int64_t age_ns, int64_t window_ns) {
  if (age_ns >= window_ns) return 100;
  const int64_t step = static_cast<int64_t>(
      static_cast<__int128>(std::max<int64_t>(age_ns, 0)) * kSteps / window_ns);
  return static_cast<uint32_t>((step + 1) * 100 / kSteps);
}

double ScaleWeights(std::span<const uint32_t> percents,
                    std::span<uint32_t> weights) {
  if (std::ranges::adjacent_find(percents, std::not_equal_to{}) ==
      percents.end()) {
    return 1;
  }
  const uint64_t greatest = std::ranges::max(weights);
  for (size_t i = 0; i < weights.size(); ++i) {
    uint64_t weight = uint64_t{weights[i]} * percents[i];
    if (greatest * 100 > kMaxWeight)
      weight = weight * kMaxWeight / greatest / 100;
    weights[i] = static_cast<uint32_t>(std::max<uint64_t>(weight, 1));
  }
  return greatest * 100 > kMaxWeight
             ? static_cast<double>(kMaxWeight) / static_cast<double>(greatest)
             : 100;
}

}  // namespace cluster
