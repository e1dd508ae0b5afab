// loadgen: drives an HTTP server on the loopback and prints what it saw as one
// JSON object. See --help.

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/bench/load/generator.h"
#include "tools/bench/load/load_options.h"
#include "tools/bench/load/tally.h"

#ifdef __OPTIMIZE__
static const char kOptimized[] = "true";
#else
static const char kOptimized[] = "false";
#endif

static void* run_thread(void* argument) {
  generator_run(argument);
  return NULL;
}

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void allow_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// The time the counted answers took: a hold lasts until its last answer, and
// an open loop that fell behind until it had caught up.
static double measured_seconds(const struct load_options* options,
                               const struct tally* tally,
                               const struct generator* any) {
  const bool hold = options->mode == LOAD_HOLD;
  const int64_t from_ns = hold ? any->start_ns : any->window_ns;
  const double until_last = (double)(tally->last_answer_ns - from_ns) / 1e9;
  if (hold) return until_last > 0 ? until_last : 0;
  if (options->mode != LOAD_PACED) return options->seconds;
  return until_last > options->seconds ? until_last : options->seconds;
}

static void print_result(const struct load_options* options,
                         const struct tally* tally,
                         const struct generator* any) {
  printf("{\"mode\":\"%s\",\"optimized\":%s,\"connections\":%d,\"threads\":%d,",
         options->mode_name,
         kOptimized,
         options->connections,
         options->threads);
  if (options->mode == LOAD_PACED) printf("\"target_rate\":%g,", options->rate);
  tally_print(tally, measured_seconds(options, tally, any));
  if (options->buckets) {
    printf(",");
    tally_print_buckets(tally);
  }
  printf(",\"generator_cpu_seconds\":%.6f}\n", cpu_seconds());
}

int main(int argc, char** argv) {
  struct load_options options;
  load_options_parse(argc, argv, &options);
  allow_descriptors();
  struct generator* generators =
      calloc((size_t)options.threads, sizeof *generators);
  pthread_t* threads = calloc((size_t)options.threads, sizeof *threads);
  struct tally* sum = calloc(1, sizeof *sum);
  if (!generators || !threads || !sum) {
    perror("calloc");
    return 1;
  }
  const int64_t start_ns = generator_now_ns();
  for (int i = 0; i < options.threads; i++) {
    generator_init(&generators[i], &options, i, start_ns);
    if (pthread_create(&threads[i], NULL, run_thread, &generators[i]) != 0) {
      fprintf(stderr, "loadgen: cannot start a thread\n");
      return 1;
    }
  }
  for (int i = 0; i < options.threads; i++) {
    pthread_join(threads[i], NULL);
    tally_merge(sum, &generators[i].tally);
  }
  print_result(&options, sum, &generators[0]);
  for (int i = 0; i < options.threads; i++) generator_free(&generators[i]);
  free(generators);
  free(threads);
  free(sum);
  return 0;
}
