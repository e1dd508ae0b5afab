#include "tests/plugins/prints.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

static void put(int fd, const char* text, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, text, size);
    if (n <= 0) return;
    text += n;
    size -= (size_t)n;
  }
}

void print_pieces(void) {
  static const char* const pieces[] = {
      "fir", "st li", "ne\nsec", "ond", " line\n"};
  static char line[LONG_LINE_BYTES + 1];
  memset(line, 'x', LONG_LINE_BYTES);
  line[LONG_LINE_BYTES] = '\n';
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; ++fd) {
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; ++i) {
      put(fd, pieces[i], strlen(pieces[i]));
    }
    put(fd, line, sizeof line);
    put(fd, "unfinished", strlen("unfinished"));
  }
}
