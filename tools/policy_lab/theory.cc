#include "tools/policy_lab/theory.h"

#include <cmath>

namespace cluster::lab {
namespace {

constexpr int kBisections = 200;

}  // namespace

double PollaczekKhinchineMean(double load, double second_moment) {
  return 1 + load * second_moment / (2 * (1 - load));
}

double ProcessorSharingMean(double load) { return 1 / (1 - load); }

double RoundRobinSigma(uint32_t n, double load) {
  // The transform of the gap between two arrivals at a worker.
  const auto transform = [&](double s) {
    if (n == 0) return std::exp(-s / load);
    return std::pow(n * load / (n * load + s), n);
  };
  // It exceeds sigma up to the root and is below it from there to 1.
  double low = 0;
  double high = 1 - 1e-9;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = (low + high) / 2;
    (transform(1 - middle) > middle ? low : high) = middle;
  }
  return low;
}

double ExponentialQuantile(double mean, double share) {
  return -mean * std::log1p(-share);
}

double ErlangC(uint32_t n, double load) {
  const double offered = n * load;
  double blocked = 1;  // Erlang B, by its recursion over servers
  for (uint32_t i = 1; i <= n; ++i) {
    blocked = offered * blocked / (i + offered * blocked);
  }
  return blocked / (1 - load * (1 - blocked));
}

double CentralQueueMean(uint32_t n, double load) {
  return 1 + ErlangC(n, load) / (n * (1 - load));
}

double CentralQueueTail(uint32_t n, double load, double t) {
  const double waits = ErlangC(n, load);
  const double rate = n * (1 - load);  // at which a wait ends
  const double served = std::exp(-t);
  // A wait plus a service; the two rates may be equal.
  const double both = std::abs(rate - 1) < 1e-9
                          ? (1 + t) * served
                          : (rate * served - std::exp(-rate * t)) / (rate - 1);
  return (1 - waits) * served + waits * both;
}

double CentralQueueQuantile(uint32_t n, double load, double share) {
  double low = 0;
  double high = 1;
  while (CentralQueueTail(n, load, high) > 1 - share) high *= 2;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = (low + high) / 2;
    (CentralQueueTail(n, load, middle) > 1 - share ? low : high) = middle;
  }
  return high;
}

double ChoicesShareWithAtLeast(uint32_t d, double load, uint32_t k) {
  return std::pow(load, (std::pow(d, k) - 1) / (d - 1));
}

double ChoicesMean(uint32_t d, double load) {
  double mean = 0;
  for (uint32_t k = 1;; ++k) {
    const double term = ChoicesShareWithAtLeast(d, load, k) / load;
    mean += term;
    if (term < 1e-15) return mean;
  }
}

}  // namespace cluster::lab
