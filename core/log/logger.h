// Logger: the host's log, one line an event, on standard error.
//
// Text is for people, JSON (one object a line) for machines. A line never
// breaks: control characters are escaped. A reader that does not keep up loses
// lines, and is told how many; it never stops the process (see line_writer.h).
//
// Thread safety: none; used from one thread.
//
//   Logger log({.format = LogFormat::kText, .role = "primary"});
//   log.Info(absl::StrCat("worker ", id, " is listening"));
//   log.LogWorker(3, pid, LogLevel::kError, "create failed: no such key");
#ifndef CORE_LOG_LOGGER_H_
#define CORE_LOG_LOGGER_H_

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/log/line_writer.h"

namespace cluster {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogEvent {
  absl::Time time;
  LogLevel level;
  absl::string_view role;  // "primary" or "worker"
  uint32_t worker_id;      // 0: none
  pid_t pid;
  absl::string_view message;
  // Set where `message` is a line that a plugin printed: "stderr".
  absl::string_view output = "";
};

// Returns "2026-11-22T15:00:00.123Z INFO  worker 3 [4711] message\n". Control
// characters read \n or \x1b, bytes that are not UTF-8 \xff.
std::string FormatText(const LogEvent& event);

// Returns one JSON object and '\n': time, level, role, worker_id (only when not
// 0), pid, output (only when not empty), message. Bytes that are not UTF-8
// become U+FFFD.
std::string FormatJson(const LogEvent& event);

struct LoggerOptions {
  LogFormat format = LogFormat::kText;
  LogLevel min_level = LogLevel::kInfo;
  absl::string_view role = "primary";  // lives as long as the program
  uint32_t worker_id = 0;
  int fd = STDERR_FILENO;  // borrowed
};

class Logger {
 public:
  explicit Logger(const LoggerOptions& options);
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Logs `message` as this process, or drops it below the minimal level.
  void Log(LogLevel level, absl::string_view message);
  void Info(absl::string_view message) { Log(LogLevel::kInfo, message); }
  void Warning(absl::string_view message) { Log(LogLevel::kWarning, message); }
  void Error(absl::string_view message) { Log(LogLevel::kError, message); }

  // Logs `message` on behalf of a worker.
  void LogWorker(uint32_t worker_id,
                 pid_t pid,
                 LogLevel level,
                 absl::string_view message);

  // Writes `line` (without its '\n'), which the worker printed to its standard
  // error, whatever the minimal level: as "[worker 3] line" or, in a JSON log,
  // as one more object, so that every line there can be parsed.
  void LogOutput(uint32_t worker_id, pid_t pid, absl::string_view line);

  // Says whether an event of `level` would be written; saves making a message.
  bool enabled(LogLevel level) const { return level >= options_.min_level; }

  // Returns how many lines were dropped since the start.
  uint64_t dropped() const { return writer_.dropped(); }

 private:
  std::string Format(const LogEvent& event) const;
  LogEvent OwnEvent(LogLevel level, absl::string_view message) const;

  const LoggerOptions options_;
  const pid_t pid_;
  LineWriter writer_;
};

}  // namespace cluster

#endif  // CORE_LOG_LOGGER_H_
