// Recognises one HTTP/1.1 answer in a byte stream: where it ends and which
// worker says it gave it (header "X-Worker").
//
// Only answers with a Content-Length are understood. No I/O; bytes may be cut
// anywhere.
//
//   struct answer answer = {0};
//   switch (answer_feed(&answer, data, size)) { case ANSWER_DONE: ... }
//   answer_reset(&answer);  // before the next one
#ifndef TOOLS_BENCH_LOAD_ANSWER_H_
#define TOOLS_BENCH_LOAD_ANSWER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANSWER_HEAD_BYTES = 1024, ANSWER_WORKER_BYTES = 16 };

enum answer_state {
  ANSWER_MORE,  // not whole yet
  ANSWER_DONE,  // whole
  ANSWER_BAD    // not a 200, head too long, no length, bytes after its end
};

struct answer {
  char head[ANSWER_HEAD_BYTES];
  size_t head_size;
  bool in_body;
  uint64_t body_left;
  char worker[ANSWER_WORKER_BYTES];  // empty: the answer does not say
};

enum answer_state answer_feed(struct answer* answer,
                              const char* data,
                              size_t size);

void answer_reset(struct answer* answer);

#endif  // TOOLS_BENCH_LOAD_ANSWER_H_
