// What a load run counts, and how it is written down as JSON.
//
// Thread safety: none; each thread has its own, merged at the end.
#ifndef TOOLS_BENCH_LOAD_TALLY_H_
#define TOOLS_BENCH_LOAD_TALLY_H_

#include <stdint.h>

#include "tools/bench/load/answer.h"
#include "tools/bench/load/histogram.h"

enum error_kind {
  ERROR_CONNECT,     // refused or unreachable
  ERROR_RESET,       // reset, or another error on an open connection
  ERROR_EARLY_EOF,   // closed before the answer was whole
  ERROR_BAD_ANSWER,  // not the HTTP answer expected
  ERROR_TIMEOUT,     // no progress in time
  ERROR_LOCAL,       // the generator lacks descriptors or ports
  ERROR_KINDS
};

enum { TALLY_WORKERS = 256 };

struct worker_share {
  char worker[ANSWER_WORKER_BYTES];
  uint64_t answers;
};

struct tally {
  uint64_t completed;            // within the measured window
  uint64_t completed_total;      // with warm-up and drain
  uint64_t errors[ERROR_KINDS];  // at any time
  int64_t last_answer_ns;
  struct histogram latency_ns;  // of those in the window
  struct worker_share shares[TALLY_WORKERS];
  int share_count;
};

// Counts one answer by `worker` (an empty name is not counted).
void tally_share(struct tally* tally, const char* worker);

void tally_merge(struct tally* into, const struct tally* from);

uint64_t tally_errors(const struct tally* tally);

// Writes the counts as members of a JSON object, without braces.
// `seconds` is the length of the measured window.
void tally_print(const struct tally* tally, double seconds);

// Writes all latencies as one member: "latency_buckets":[[us,count],...].
void tally_print_buckets(const struct tally* tally);

#endif  // TOOLS_BENCH_LOAD_TALLY_H_
