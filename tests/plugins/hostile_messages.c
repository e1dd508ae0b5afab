#include "tests/plugins/hostile_messages.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/plugins/hostile_channel.h"

enum {
  /* core/control/messages.h */
  TYPE_MESSAGE = 272,
  TYPE_PART = 273,
  TYPE_FORGET = 274,
  TYPE_UNKNOWN = 9999,
  /* core/control/user_message.h */
  TO_WORKER = 2,
  TO_SLOT = 3,
  TO_OTHERS = 4,
  TO_ASKER = 5,
  TO_NOBODY = 77,
  MOST_DESCRIPTORS = 64,
  /* A worker that never is. */
  STRANGER = 123456,
  BODY_BYTES = 32 << 10,
};

struct message {
  uint32_t to;
  uint32_t number;
  uint64_t request;
  uint64_t total_bytes;
  char body[BODY_BYTES];
};
enum { HEAD_BYTES = 24 };

/* Sends the first `body_bytes` of it. */
static bool say(int channel, struct message message, size_t body_bytes) {
  return hostile_put_frame(
      channel, TYPE_MESSAGE, &message, HEAD_BYTES + body_bytes);
}

static void put_parts(int channel) {
  static const char part[BODY_BYTES];
  say(channel,
      (struct message){
          .to = TO_WORKER, .number = STRANGER, .total_bytes = 4 * sizeof part},
      0);
  while (hostile_put_frame(channel, TYPE_PART, part, sizeof part)) {
  }
}

/* It is worker 1 in slot 0, or its successor. */
static void write_to_itself(int channel, bool asks) {
  struct message message = {.to = TO_SLOT, .total_bytes = BODY_BYTES};
  size_t body_bytes = BODY_BYTES;
  if (asks) message.total_bytes = body_bytes = 0;
  do {
    message.request += asks;
  } while (say(channel, message, body_bytes));
}

static void put_strange_numbers(int channel) {
  for (uint64_t i = 1; i <= 1000; ++i) {
    const uint64_t forgotten[2] = {i, 0};
    hostile_put_frame(channel, TYPE_FORGET, forgotten, sizeof forgotten);
    say(channel,
        (struct message){.to = TO_ASKER, .number = 2, .request = i},
        0);
    say(channel, (struct message){.to = TO_WORKER, .number = STRANGER}, 0);
    say(channel, (struct message){.to = TO_SLOT, .number = STRANGER}, 0);
  }
  hostile_put_frame(channel, TYPE_UNKNOWN, "", 0);
}

static void put_descriptors(int channel, uint32_t announced, int came) {
  const struct message message = {.to = TO_OTHERS};
  hostile_put_descriptors(
      channel, TYPE_MESSAGE, announced, came, &message, HEAD_BYTES);
}

void send_hostile_messages(int channel, const char* act) {
  const struct message to_all = {.to = TO_OTHERS};
  const struct message huge = {.to = TO_OTHERS, .total_bytes = 1ull << 63};
  const struct message one_byte = {.to = TO_OTHERS, .total_bytes = 1};
  const struct message to_nobody = {.to = TO_NOBODY};
  const struct message asks_all = {.to = TO_OTHERS, .request = 1};
  if (strcmp(act, "message_cut") == 0) {
    hostile_put_frame(channel, TYPE_MESSAGE, &to_all, HEAD_BYTES - 1);
  }
  if (strcmp(act, "message_huge") == 0) say(channel, huge, 1);
  if (strcmp(act, "message_longer") == 0) say(channel, one_byte, 2);
  if (strcmp(act, "message_nobody") == 0) say(channel, to_nobody, 0);
  if (strcmp(act, "message_asks_all") == 0) say(channel, asks_all, 0);
  if (strcmp(act, "message_within") == 0) {
    say(channel, one_byte, 0);
    say(channel, one_byte, 1);
  }
  if (strcmp(act, "message_many_fds") == 0) {
    put_descriptors(channel, MOST_DESCRIPTORS + 1, MOST_DESCRIPTORS + 1);
  }
  if (strcmp(act, "message_few_fds") == 0) put_descriptors(channel, 2, 1);
  if (strcmp(act, "part_alone") == 0) {
    hostile_put_frame(channel, TYPE_PART, "part", 4);
  }
  if (strcmp(act, "parts_endless") == 0) put_parts(channel);
  if (strcmp(act, "window_ignored") == 0) write_to_itself(channel, false);
  if (strcmp(act, "requests_endless") == 0) write_to_itself(channel, true);
  if (strcmp(act, "forget_cut") == 0) {
    hostile_put_frame(channel, TYPE_FORGET, "cut", 3);
  }
  if (strcmp(act, "strangers") == 0) put_strange_numbers(channel);
}
