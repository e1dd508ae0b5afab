#include "tools/bench/load/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void answer_reset(struct answer* answer) {
  answer->head_size = 0;
  answer->in_body = false;
  answer->body_left = 0;
  answer->worker[0] = '\0';
}

// The value of header `name` (with its colon) when `line` is that header.
static const char* value_of(const char* line, const char* name) {
  const size_t size = strlen(name);
  if (strncasecmp(line, name, size) != 0) return NULL;
  return line + size + strspn(line + size, " ");
}

static bool read_head(struct answer* answer) {
  static const char kOk[] = "HTTP/1.1 200";
  if (strncmp(answer->head, kOk, sizeof kOk - 1) != 0) return false;
  bool has_length = false;
  char* line = strstr(answer->head, "\r\n");
  for (; line; line = strstr(line, "\r\n")) {
    line += 2;
    const char* length = value_of(line, "Content-Length:");
    if (length) {
      has_length = true;
      answer->body_left = strtoull(length, NULL, 10);
    }
    const char* worker = value_of(line, "X-Worker:");
    if (worker) {
      size_t size = strcspn(worker, "\r");
      if (size >= ANSWER_WORKER_BYTES) size = ANSWER_WORKER_BYTES - 1;
      memcpy(answer->worker, worker, size);
      answer->worker[size] = '\0';
    }
  }
  return has_length;
}

// Where the head ends within its first `size` bytes; 0: not yet. `from` was
// searched before.
static size_t head_end(const struct answer* answer, size_t from) {
  const size_t start = from < 3 ? 0 : from - 3;
  const char* end =
      memmem(answer->head + start, answer->head_size - start, "\r\n\r\n", 4);
  return end ? (size_t)(end - answer->head) + 4 : 0;
}

enum answer_state answer_feed(struct answer* answer,
                              const char* data,
                              size_t size) {
  if (!answer->in_body) {
    const size_t before = answer->head_size;
    const size_t room = ANSWER_HEAD_BYTES - 1 - before;
    const size_t taken = size < room ? size : room;
    memcpy(answer->head + before, data, taken);
    answer->head_size += taken;
    const size_t end = head_end(answer, before);
    if (end == 0) return taken < size ? ANSWER_BAD : ANSWER_MORE;
    answer->head[end - 2] = '\0';
    if (!read_head(answer)) return ANSWER_BAD;
    answer->in_body = true;
    size -= end - before;
  }
  if (size > answer->body_left) return ANSWER_BAD;
  answer->body_left -= size;
  return answer->body_left == 0 ? ANSWER_DONE : ANSWER_MORE;
}
