#include "tools/policy_lab/theory.h"

#include <cmath>

namespace cluster::lab {
namespace {

constexpr int kBisections = 200;

// Returns where `tail`, which falls from 1 to 0, is 1 - `share`.
template <class Tail>
double QuantileOf(const Tail& tail, double share) {
  double low = 0;
  double high = 1;
  while (tail(high) > 1 - share) high *= 2;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = (low + high) / 2;
    (tail(middle) > 1 - share ? low : high) = middle;
  }
  return high;
}

}  // namespace

double PollaczekKhinchineMean(double load, double second_moment) {
  return 1 + load * second_moment / (2 * (1 - load));
}

double HyperExponentialTail(double load, double cv2, double t) {
  const double short_share = (1 + std::sqrt((cv2 - 1) / (cv2 + 1))) / 2;
  const double rates[] = {2 * short_share, 2 * (1 - short_share)};
  // The poles are at minus these.
  const double middle = (rates[0] + rates[1] - load) / 2;
  const double apart =
      std::sqrt(middle * middle - rates[0] * rates[1] * (1 - load));
  const double poles[] = {middle - apart, middle + apart};
  double tail = 0;
  for (int i = 0; i < 2; ++i) {
    const double pole = poles[i];
    const double over = short_share * rates[0] * (rates[1] - pole) +
                        (1 - short_share) * rates[1] * (rates[0] - pole);
    tail += (1 - load) * over / ((poles[1 - i] - pole) * pole) *
            std::exp(-pole * t);
  }
  return tail;
}

double HyperExponentialQuantile(double load, double cv2, double share) {
  return QuantileOf(
      [&](double t) { return HyperExponentialTail(load, cv2, t); }, share);
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
  return QuantileOf([&](double t) { return CentralQueueTail(n, load, t); },
                    share);
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
