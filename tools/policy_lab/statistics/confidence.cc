#include "tools/policy_lab/statistics/confidence.h"

#include <cmath>
#include <limits>

namespace cluster::lab {
namespace {

// Keeps a denominator away from 0 (Lentz's method).
double NotZero(double value) {
  constexpr double kTiny = 1e-300;
  return std::abs(value) < kTiny ? kTiny : value;
}

// The continued fraction of the incomplete beta function, DLMF 8.17.22.
double BetaFraction(double a, double b, double x) {
  double c = 1;
  double d = 1 / NotZero(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m < 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / NotZero(1 + even * d);
    c = NotZero(1 + even / c);
    result *= d * c;
    const double odd =
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / NotZero(1 + odd * d);
    c = NotZero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

// The regularised incomplete beta function.
double Beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double log_front = std::lgamma(a + b) - std::lgamma(a) -
                           std::lgamma(b) + a * std::log(x) +
                           b * std::log1p(-x);
  // The fraction converges quickly on one side only.
  if (x < (a + 1) / (a + b + 2)) {
    return std::exp(log_front) * BetaFraction(a, b, x) / a;
  }
  return 1 - std::exp(log_front) * BetaFraction(b, a, 1 - x) / b;
}

}  // namespace

double StudentCdf(double t, double degrees) {
  const double tail = Beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
  return t > 0 ? 1 - tail : tail;
}

double StudentQuantile(double p, double degrees) {
  if (p < 0.5) return -StudentQuantile(1 - p, degrees);
  double low = 0;
  double high = 1;
  while (StudentCdf(high, degrees) < p && high < 1e9) high *= 2;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (StudentCdf(middle, degrees) < p ? low : high) = middle;
  }
  return high;
}

Interval IntervalOf(const Moments& values, double confidence) {
  if (values.count() < 2) {
    return {values.mean(), std::numeric_limits<double>::infinity()};
  }
  const auto count = static_cast<double>(values.count());
  const double t = StudentQuantile((1 + confidence) / 2, count - 1);
  return {values.mean(), t * std::sqrt(values.variance() / count)};
}

}  // namespace cluster::lab
