#include "tests/integration/host_log.h"

#include <cstddef>
#include <cstdio>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/json_line.h"

namespace cluster {
namespace {

LogLine FromJson(const std::map<std::string, std::string>& members) {
  const auto get = [&](const char* name) {
    const auto found = members.find(name);
    return found == members.end() ? "" : found->second;
  };
  LogLine line = {.level = get("level"), .message = get("message")};
  (void)absl::SimpleAtoi(get("worker_id"), &line.worker_id);
  (void)absl::SimpleAtoi(get("pid"), &line.pid);
  return line;
}

// "2026-11-22T15:00:00.123Z INFO  worker 3 [4711] message"
LogLine FromText(const std::string& text) {
  char level[8];
  LogLine line;
  int end = 0;
  if (std::sscanf(text.c_str(),
                  "%*d-%*d-%*dT%*s %7s worker %u [%d] %n",
                  level,
                  &line.worker_id,
                  &line.pid,
                  &end) == 3 ||
      std::sscanf(text.c_str(),
                  "%*d-%*d-%*dT%*s %7s primary [%d] %n",
                  level,
                  &line.pid,
                  &end) == 2) {
    line.level = absl::AsciiStrToLower(level);
    line.message = text.substr(static_cast<size_t>(end));
  }
  return line;
}

}  // namespace

bool LogLine::IsEvent(absl::string_view name) const {
  return worker_id != 0 && (message == name ||
                            absl::StartsWith(message, absl::StrCat(name, ":")));
}

LogLine ParseLogLine(absl::string_view text) {
  const auto members = ParseJsonLine(text);
  return members ? FromJson(*members) : FromText(std::string(text));
}

std::optional<Books> ParseBooks(const LogLine& line) {
  static constexpr char kFormat[] =
      "connections: accepted %lu = completed %lu + refused %lu + lost %lu + "
      "expired %lu + live %lu; re-dispatched %lu";
  Books books;
  if (std::sscanf(line.message.c_str(),
                  kFormat,
                  &books.accepted,
                  &books.completed,
                  &books.refused,
                  &books.lost,
                  &books.expired,
                  &books.live,
                  &books.redispatched) != 7) {
    return std::nullopt;
  }
  return books;
}

}  // namespace cluster
