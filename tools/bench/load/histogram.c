#include "tools/bench/load/histogram.h"

#include <math.h>

static unsigned bucket_of(uint64_t value) {
  if (value < HISTOGRAM_SUB_BUCKETS) return (unsigned)value;
  const unsigned top_bit = 63u - (unsigned)__builtin_clzll(value);
  const unsigned shift = top_bit - HISTOGRAM_SUB_BITS;
  return shift * HISTOGRAM_SUB_BUCKETS + (unsigned)(value >> shift);
}

static int64_t middle_of(unsigned bucket) {
  if (bucket < 2 * HISTOGRAM_SUB_BUCKETS) return bucket;
  const unsigned shift = bucket / HISTOGRAM_SUB_BUCKETS - 1;
  const uint64_t lowest = (uint64_t)(bucket - shift * HISTOGRAM_SUB_BUCKETS)
                          << shift;
  return (int64_t)(lowest + ((1ull << shift) >> 1));
}

void histogram_record(struct histogram* h, int64_t value) {
  const int64_t limit = (1ll << HISTOGRAM_MAX_BITS) - 1;
  if (value < 0) value = 0;
  if (value > limit) value = limit;
  h->buckets[bucket_of((uint64_t)value)]++;
  h->count++;
  if (value > h->max) h->max = value;
}

void histogram_merge(struct histogram* into, const struct histogram* from) {
  for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
    into->buckets[i] += from->buckets[i];
  }
  into->count += from->count;
  if (from->max > into->max) into->max = from->max;
}

int64_t histogram_percentile(const struct histogram* h, double percent) {
  if (h->count == 0) return 0;
  uint64_t wanted = (uint64_t)ceil((double)h->count * percent / 100.0);
  if (wanted == 0) wanted = 1;
  uint64_t seen = 0;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += h->buckets[i];
    if (seen < wanted) continue;
    const int64_t middle = middle_of(i);
    return middle < h->max ? middle : h->max;
  }
  return h->max;
}

void histogram_visit(const struct histogram* h,
                     void (*visit)(void* ctx, int64_t middle, uint64_t count),
                     void* ctx) {
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    if (h->buckets[i] > 0) visit(ctx, middle_of(i), h->buckets[i]);
  }
}
