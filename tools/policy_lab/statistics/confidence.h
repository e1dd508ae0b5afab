// Confidence intervals for the mean of independent values, such as one result
// for each seed.
//
// Thread safety: free functions, safe from any thread.
//
//   Moments over_seeds;
//   for (const Run& run : runs) over_seeds.Add(run.mean);
//   const Interval interval = IntervalOf(over_seeds, 0.95);
#ifndef TOOLS_POLICY_LAB_STATISTICS_CONFIDENCE_H_
#define TOOLS_POLICY_LAB_STATISTICS_CONFIDENCE_H_

#include "tools/policy_lab/statistics/moments.h"

namespace cluster::lab {

struct Interval {
  double mean = 0;
  // To either side; infinite where one value says nothing about the spread.
  double half_width = 0;

  bool Contains(double value) const {
    return value >= mean - half_width && value <= mean + half_width;
  }
};

// Returns the interval that holds the true mean with the chance `confidence`
// (0 to 1), if the values are about normal.
Interval IntervalOf(const Moments& values, double confidence);

// Returns P(T <= t) for Student's distribution. REQUIRES: degrees > 0.
double StudentCdf(double t, double degrees);

// Returns the t with P(T <= t) = p. REQUIRES: 0 < p < 1, degrees > 0.
// Source: NIST DLMF 8.17 (incomplete beta functions).
double StudentQuantile(double p, double degrees);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_STATISTICS_CONFIDENCE_H_
