#include "core/log/logger.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "core/log/json_string.h"
#include "core/log/line_splitter.h"
#include "core/log/utf8.h"

namespace cluster {
namespace {

struct LevelName {
  absl::string_view text;  // padded to the longest that is common
  absl::string_view json;
};

LevelName NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return {"DEBUG", "debug"};
    case LogLevel::kInfo:
      return {"INFO ", "info"};
    case LogLevel::kWarning:
      return {"WARN ", "warning"};
    case LogLevel::kError:
      break;
  }
  return {"ERROR", "error"};
}

std::string FormatTimeUtc(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

// Terminals obey control characters; the log must not carry a peer's.
void AppendText(absl::string_view text, std::string* out) {
  while (!text.empty()) {
    const Utf8Char next = NextUtf8(text);
    if (next.valid && !IsControl(next.code)) {
      absl::StrAppend(out, text.substr(0, next.size));
    } else if (next.code == '\n') {
      out->append("\\n");
    } else if (next.code == '\t') {
      out->append("\\t");
    } else {
      absl::StrAppendFormat(out, "\\x%02x", static_cast<uint32_t>(next.code));
    }
    text.remove_prefix(next.size);
  }
}

}  // namespace

std::string FormatText(const LogEvent& event) {
  std::string line = absl::StrCat(
      FormatTimeUtc(event.time), " ", NameOf(event.level).text, " ");
  AppendText(event.role, &line);
  if (event.worker_id != 0) absl::StrAppend(&line, " ", event.worker_id);
  if (event.pid > 0) absl::StrAppend(&line, " [", event.pid, "]");
  line.push_back(' ');
  AppendText(event.message, &line);
  line.push_back('\n');
  return line;
}

std::string FormatJson(const LogEvent& event) {
  std::string line = absl::StrCat("{\"time\":\"",
                                  FormatTimeUtc(event.time),
                                  "\",\"level\":\"",
                                  NameOf(event.level).json,
                                  "\",\"role\":");
  AppendJsonString(event.role, &line);
  if (event.worker_id != 0) {
    absl::StrAppend(&line, ",\"worker_id\":", event.worker_id);
  }
  if (event.pid > 0) absl::StrAppend(&line, ",\"pid\":", event.pid);
  if (!event.output.empty()) {
    line.append(",\"output\":");
    AppendJsonString(event.output, &line);
  }
  line.append(",\"message\":");
  AppendJsonString(event.message, &line);
  line.append("}\n");
  return line;
}

Logger::Logger(const LoggerOptions& options)
    : options_(options),
      pid_(getpid()),
      writer_(options.fd, [this](uint64_t dropped) {
        const std::string message = absl::StrCat(
            "log: ", dropped, " lines were dropped: the reader is too slow");
        return Format(OwnEvent(LogLevel::kWarning, message));
      }) {}

void Logger::Log(LogLevel level, absl::string_view message) {
  if (enabled(level)) writer_.Write(Format(OwnEvent(level, message)));
}

void Logger::LogWorker(uint32_t worker_id,
                       pid_t pid,
                       LogLevel level,
                       absl::string_view message) {
  if (!enabled(level)) return;
  writer_.Write(
      Format({absl::Now(), level, "worker", worker_id, pid, message}));
}

void Logger::LogOutput(uint32_t worker_id, pid_t pid, absl::string_view line) {
  if (options_.format == LogFormat::kText) {
    writer_.Write(WorkerLine(worker_id, line));
    return;
  }
  LogEvent event = {
      absl::Now(), LogLevel::kInfo, "worker", worker_id, pid, line};
  event.output = "stderr";
  writer_.Write(FormatJson(event));
}

std::string Logger::Format(const LogEvent& event) const {
  return options_.format == LogFormat::kJson ? FormatJson(event)
                                             : FormatText(event);
}

LogEvent Logger::OwnEvent(LogLevel level, absl::string_view message) const {
  return {absl::Now(), level, options_.role, options_.worker_id, pid_, message};
}

}  // namespace cluster
