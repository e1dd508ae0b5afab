// Latencies in logarithmic buckets: constant memory, at most 0.8 % off.
//
// As in HdrHistogram: each power of two is cut into 128 equal buckets, so a
// bucket is never wider than 1/128 of its values.
//
// Thread safety: none; give each thread its own and merge.
//
//   struct histogram *h = calloc(1, sizeof *h);
//   histogram_record(h, 125000);
//   int64_t p99_ns = histogram_percentile(h, 99.0);
#ifndef TOOLS_BENCH_LOAD_HISTOGRAM_H_
#define TOOLS_BENCH_LOAD_HISTOGRAM_H_

#include <stdint.h>

enum {
  HISTOGRAM_SUB_BITS = 7,
  HISTOGRAM_SUB_BUCKETS = 1 << HISTOGRAM_SUB_BITS,
  HISTOGRAM_MAX_BITS = 40,  // about 18 minutes in nanoseconds
  HISTOGRAM_BUCKETS =
      (HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB_BUCKETS
};

struct histogram {
  uint64_t buckets[HISTOGRAM_BUCKETS];
  uint64_t count;
  int64_t max;  // exact
};

// Counts one value >= 0; greater than 2^40 - 1 is counted there, negative as 0.
void histogram_record(struct histogram* h, int64_t value);

// Adds all of `from` to `into`.
void histogram_merge(struct histogram* into, const struct histogram* from);

// The middle of the bucket at which `percent` of the values (0 < percent <=
// 100) is reached, never above the greatest value; 0 when there are none.
int64_t histogram_percentile(const struct histogram* h, double percent);

// Calls `visit` with the middle and the count of each bucket that is not empty,
// in rising order.
void histogram_visit(const struct histogram* h,
                     void (*visit)(void* ctx, int64_t middle, uint64_t count),
                     void* ctx);

#endif  // TOOLS_BENCH_LOAD_HISTOGRAM_H_
