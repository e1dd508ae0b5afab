// One thread of the load generator: its clients, its schedule, its counts.
#ifndef TOOLS_BENCH_LOAD_GENERATOR_H_
#define TOOLS_BENCH_LOAD_GENERATOR_H_

#include <stdint.h>

#include "tools/bench/load/client.h"
#include "tools/bench/load/load_options.h"
#include "tools/bench/load/tally.h"

struct generator {
  const struct load_options* options;
  int index;          // of this thread
  int64_t start_ns;   // warm-up begins
  int64_t window_ns;  // the measured time begins
  int64_t end_ns;     // and ends; hold: set when all have answered
  struct tally tally;

  // Private.
  struct client_plan plan;
  struct client_request usual;
  struct client_request seldom;  // with --bimodal
  struct client* clients;
  int client_count;
  int* idle;  // a stack of indices of clients that are not open
  int idle_count;
  int open_count;
  int awaited;  // hold: answers or failures still to come
  unsigned next_source;
  double rate;
  int64_t next_due_ns;
  uint64_t random_state;
};

int64_t generator_now_ns(void);

// Prepares thread `index` of a run that begins at `start_ns`. Ends the process
// with code 1 when the system lacks something.
void generator_init(struct generator* generator,
                    const struct load_options* options,
                    int index,
                    int64_t start_ns);

// Drives the load until it ended and all connections are closed.
void generator_run(struct generator* generator);

void generator_free(struct generator* generator);

#endif  // TOOLS_BENCH_LOAD_GENERATOR_H_
