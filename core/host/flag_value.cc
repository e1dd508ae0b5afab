#include "core/host/flag_value.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/errno_status.h"
#include "core/base/resolve_path.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

constexpr size_t kMaxShownBytes = 100;
constexpr size_t kMaxFileBytes = 1 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return ErrnoStatus("open", path);
  std::string text;
  char buffer[16 * 1024];
  while (text.size() <= kMaxFileBytes) {
    const ssize_t n = read(fd.get(), buffer, sizeof(buffer));
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("read", path);
    text.append(buffer, static_cast<size_t>(n));
  }
  return absl::InvalidArgumentError(absl::StrCat(path, " is over 1 MiB"));
}

}  // namespace

absl::Status FlagError(absl::string_view flag,
                       absl::string_view value,
                       absl::string_view problem) {
  const bool cut = value.size() > kMaxShownBytes;
  return absl::InvalidArgumentError(
      absl::StrCat(flag,
                   "=\"",
                   absl::Utf8SafeCEscape(value.substr(0, kMaxShownBytes)),
                   cut ? "...\" " : "\" ",
                   problem));
}

absl::StatusOr<uint32_t> ParseNumber(absl::string_view flag,
                                     absl::string_view value,
                                     uint32_t min,
                                     uint32_t max) {
  uint32_t number = 0;
  if (absl::SimpleAtoi(value, &number) && number >= min && number <= max) {
    return number;
  }
  return FlagError(
      flag,
      value,
      absl::StrCat("is not a whole number from ", min, " to ", max));
}

absl::StatusOr<absl::Duration> ParseFlagDuration(absl::string_view flag,
                                                 absl::string_view value,
                                                 absl::Duration min) {
  absl::Duration duration;
  if (!absl::ParseDuration(value, &duration)) {
    return FlagError(flag,
                     value,
                     "is not a duration: give a number with a unit, such as "
                     "500ms, 30s, 2m, or inf");
  }
  if (duration >= min) return duration;
  return FlagError(
      flag,
      value,
      absl::StrCat("is too short: give at least ", absl::FormatDuration(min)));
}

absl::StatusOr<size_t> ParseChoice(
    absl::string_view flag,
    absl::string_view value,
    std::initializer_list<absl::string_view> names) {
  const auto found = std::find(names.begin(), names.end(), value);
  if (found != names.end()) return found - names.begin();
  return FlagError(
      flag,
      value,
      absl::StrCat("is unknown: give ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::pair<std::string, std::string>> ParseConfigPair(
    absl::string_view flag,
    absl::string_view value,
    absl::string_view directory) {
  const size_t equals = value.find('=');
  if (equals == absl::string_view::npos) {
    return FlagError(flag, value, "has no value: write KEY=VALUE");
  }
  if (equals == 0) {
    return FlagError(flag, value, "has no key: write KEY=VALUE");
  }
  const std::string key(value.substr(0, equals));
  const absl::string_view text = value.substr(equals + 1);
  if (text.substr(0, 1) != "@") return std::pair(key, std::string(text));

  auto content = ReadFile(ResolvePath(directory, text.substr(1)));
  if (content.ok()) return std::pair(key, *std::move(content));
  return FlagError(
      flag,
      value,
      absl::StrCat("cannot be read: ",
                   absl::Utf8SafeCEscape(content.status().message()),
                   ": name a readable file"));
}

}  // namespace cluster
