// The host's log, line by line, as text or as JSON.
//
// Thread safety: plain values and free functions, safe from any thread.
//
//   if (ParseLogLine(line).IsEvent("listening")) ...
#ifndef TESTS_INTEGRATION_HOST_LOG_H_
#define TESTS_INTEGRATION_HOST_LOG_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

// One line of the log.
struct LogLine {
  std::string level = "";
  uint32_t worker_id = 0;  // 0: the primary's own
  pid_t pid = 0;
  std::string message = "";

  // True if it reports the worker event `name`, such as "exit".
  bool IsEvent(absl::string_view name) const;
};

// The host's last line about its connections.
struct Books {
  uint64_t accepted = 0;
  uint64_t completed = 0;
  uint64_t refused = 0;
  uint64_t lost = 0;
  uint64_t expired = 0;
  uint64_t live = 0;
  uint64_t redispatched = 0;

  bool balance() const {
    return live == 0 && accepted == completed + refused + lost + expired;
  }
};

// Returns what `text`, without its newline, says; an empty line if it is not
// one of the log's.
LogLine ParseLogLine(absl::string_view text);

// Returns the books if `line` is the one with which the host closes them.
std::optional<Books> ParseBooks(const LogLine& line);

}  // namespace cluster

#endif  // TESTS_INTEGRATION_HOST_LOG_H_
