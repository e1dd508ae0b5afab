#include "tools/policy_lab/plot/axis.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace cluster::lab {
namespace {

constexpr int kLinearTicks = 5;
constexpr int kMostDecades = 8;

// Room for rounding errors: ticks are multiples of their step.
constexpr double kAlmost = 1e-9;

}  // namespace

Axis::Axis(double low, double high, bool logarithmic, double from, double to)
    : low_(low), high_(high), logarithmic_(logarithmic), from_(from), to_(to) {
  if (logarithmic) {
    MakeLogarithmic();
  } else {
    MakeLinear();
  }
}

void Axis::MakeLinear() {
  if (!(high_ > low_)) high_ = low_ + 1;
  const double rough = (high_ - low_) / kLinearTicks;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power < rough * (1 - kAlmost)) continue;
    step = factor * power;
    break;
  }
  const double first = std::floor(low_ / step + kAlmost);
  const double last = std::ceil(high_ / step - kAlmost);
  low_ = first * step;
  high_ = last * step;
  for (double i = first; i <= last; ++i) {
    const double value = i * step;
    ticks_.push_back({value, absl::StrFormat("%g", value)});
  }
}

void Axis::MakeLogarithmic() {
  double first = std::floor(std::log10(low_) + kAlmost);
  double last = std::ceil(std::log10(high_) - kAlmost);
  if (last <= first) last = first + 1;
  const double step = std::ceil((last - first) / kMostDecades);
  low_ = std::pow(10, first);
  high_ = std::pow(10, last);
  for (double i = first; i <= last + kAlmost; i += step) {
    const double value = std::pow(10, i);
    ticks_.push_back({value, absl::StrFormat("%g", value)});
  }
}

double Axis::At(double value) const {
  double share = 0;
  if (!logarithmic_) {
    share = (value - low_) / (high_ - low_);
  } else if (value > low_) {
    share = std::log(value / low_) / std::log(high_ / low_);
  }
  return from_ + std::clamp(share, 0.0, 1.0) * (to_ - from_);
}

}  // namespace cluster::lab
