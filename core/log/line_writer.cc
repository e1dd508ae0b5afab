#include "core/log/line_writer.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace cluster {

bool LineWriter::Write(absl::string_view line) {
  bool written = true;
  if (unreported_ > 0) {
    written = WriteWhole(notice_(unreported_));
    if (written) unreported_ = 0;
  }
  written = written && WriteWhole(line);
  if (!written) {
    ++dropped_;
    ++unreported_;
  }
  return written;
}

// A pipe polls writable when it has room for PIPE_BUF bytes, so a write of at
// most that many does not block, even on a blocking descriptor.
bool LineWriter::WriteWhole(absl::string_view line) {
  const std::string completed = mid_line_ ? "\n" + std::string(line) : "";
  absl::string_view rest = mid_line_ ? completed : line;
  const size_t total = rest.size();
  while (!rest.empty()) {
    if (!Writable()) break;
    const size_t size = std::min<size_t>(rest.size(), PIPE_BUF);
    const ssize_t n = write(fd_, rest.data(), size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    rest.remove_prefix(static_cast<size_t>(n));
  }
  if (rest.size() != total) mid_line_ = !rest.empty();
  return rest.empty();
}

// Not when the reader is gone: a write would raise SIGPIPE.
bool LineWriter::Writable() const {
  pollfd poll_fd = {fd_, POLLOUT, 0};
  int ready = 0;
  do {
    ready = poll(&poll_fd, 1, 0);
  } while (ready < 0 && errno == EINTR);
  return ready == 1 && poll_fd.revents == POLLOUT;
}

}  // namespace cluster
