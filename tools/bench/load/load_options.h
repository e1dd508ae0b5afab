// The command line of loadgen.
#ifndef TOOLS_BENCH_LOAD_LOAD_OPTIONS_H_
#define TOOLS_BENCH_LOAD_LOAD_OPTIONS_H_

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum load_mode { LOAD_CLOSE, LOAD_PACED, LOAD_KEEPALIVE, LOAD_HOLD };

struct load_options {
  enum load_mode mode;
  const char* mode_name;
  struct sockaddr_in target;  // in 127.0.0.0/8
  int threads;
  int connections;  // of all threads together
  double rate;      // paced: connections per second, of all threads together
  double seconds;
  double warmup_seconds;
  double timeout_seconds;
  int sources;  // connections come from 127.0.0.1 and the next addresses
  uint64_t seed;
  // Requests name the milliseconds the server shall take; 0: they do not.
  unsigned usual_ms;
  unsigned seldom_ms;
  double seldom_share;
  bool buckets;  // all latencies are printed
};

// Reads the command line. Ends the process with code 2 and a message when it
// is not usable, with code 0 after --help.
void load_options_parse(int argc, char** argv, struct load_options* options);

#endif  // TOOLS_BENCH_LOAD_LOAD_OPTIONS_H_
