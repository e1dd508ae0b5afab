#include "tools/bench/load/tally.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char* const kErrorNames[ERROR_KINDS] = {
    "connect", "reset", "early_eof", "bad_answer", "timeout", "local"};

static struct worker_share* share_of(struct tally* tally, const char* worker) {
  for (int i = 0; i < tally->share_count; i++) {
    if (strcmp(tally->shares[i].worker, worker) == 0) return &tally->shares[i];
  }
  if (tally->share_count == TALLY_WORKERS) return NULL;
  struct worker_share* share = &tally->shares[tally->share_count++];
  // The name goes into JSON and comes from a server.
  size_t size = 0;
  for (; worker[size] && size < ANSWER_WORKER_BYTES - 1; size++) {
    const unsigned char c = (unsigned char)worker[size];
    share->worker[size] = isalnum(c) ? (char)c : '_';
  }
  share->worker[size] = '\0';
  return share;
}

void tally_share(struct tally* tally, const char* worker) {
  if (!worker[0]) return;
  struct worker_share* share = share_of(tally, worker);
  if (share) share->answers++;
}

void tally_merge(struct tally* into, const struct tally* from) {
  into->completed += from->completed;
  into->completed_total += from->completed_total;
  for (int i = 0; i < ERROR_KINDS; i++) into->errors[i] += from->errors[i];
  if (from->last_answer_ns > into->last_answer_ns) {
    into->last_answer_ns = from->last_answer_ns;
  }
  histogram_merge(&into->latency_ns, &from->latency_ns);
  for (int i = 0; i < from->share_count; i++) {
    struct worker_share* share = share_of(into, from->shares[i].worker);
    if (share) share->answers += from->shares[i].answers;
  }
}

uint64_t tally_errors(const struct tally* tally) {
  uint64_t sum = 0;
  for (int i = 0; i < ERROR_KINDS; i++) sum += tally->errors[i];
  return sum;
}

static void print_latency(const struct histogram* h) {
  static const struct {
    const char* name;
    double percent;
  } kPoints[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}};
  printf("\"latency_us\":{");
  for (size_t i = 0; i < sizeof kPoints / sizeof kPoints[0]; i++) {
    printf("\"%s\":%.1f,",
           kPoints[i].name,
           (double)histogram_percentile(h, kPoints[i].percent) / 1000.0);
  }
  printf("\"max\":%.1f}", (double)h->max / 1000.0);
}

void tally_print(const struct tally* tally, double seconds) {
  printf("\"completed\":%" PRIu64 ",\"completed_total\":%" PRIu64,
         tally->completed,
         tally->completed_total);
  printf(",\"seconds\":%.6f,\"rate\":%.1f",
         seconds,
         seconds > 0 ? (double)tally->completed / seconds : 0.0);
  printf(",\"errors_total\":%" PRIu64 ",\"errors\":{", tally_errors(tally));
  for (int i = 0; i < ERROR_KINDS; i++) {
    printf("%s\"%s\":%" PRIu64, i ? "," : "", kErrorNames[i], tally->errors[i]);
  }
  printf("},");
  if (tally->latency_ns.count > 0) {
    print_latency(&tally->latency_ns);
  } else {
    printf("\"latency_us\":null");
  }
  printf(",\"shares\":{");
  for (int i = 0; i < tally->share_count; i++) {
    printf("%s\"%s\":%" PRIu64,
           i ? "," : "",
           tally->shares[i].worker,
           tally->shares[i].answers);
  }
  printf("}");
}

static void print_bucket(void* ctx, int64_t middle, uint64_t count) {
  bool* first = ctx;
  printf("%s[%.1f,%" PRIu64 "]",
         *first ? "" : ",",
         (double)middle / 1000.0,
         count);
  *first = false;
}

void tally_print_buckets(const struct tally* tally) {
  bool first = true;
  printf("\"latency_buckets\":[");
  histogram_visit(&tally->latency_ns, print_bucket, &first);
  printf("]");
}
