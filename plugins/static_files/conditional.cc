#include "plugins/static_files/conditional.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <optional>

#include "plugins/static_files/field_text.h"
#include "plugins/static_files/http_date.h"

namespace cluster::static_files {
namespace {

enum class Comparison : uint8_t { kStrong, kWeak };

// Returns whether `list`, an asterisk or tags separated by commas, has `etag`.
// What follows a syntax error does not count. Tags may hold commas.
bool Lists(std::string_view list,
           std::string_view etag,
           Comparison comparison) {
  list = TrimSpace(list);
  if (list == "*") return true;
  while (!list.empty()) {
    const size_t start = list.find_first_not_of(" \t,");
    if (start == std::string_view::npos) return false;
    list.remove_prefix(start);
    const bool weak = list.starts_with("W/");
    if (weak) list.remove_prefix(2);
    if (!list.starts_with('"')) return false;
    const size_t end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (list.substr(0, end + 1) == etag &&
        (!weak || comparison == Comparison::kWeak)) {
      return true;
    }
    list.remove_prefix(end + 1);
    const std::string_view rest = TrimSpace(list);
    if (!rest.empty() && rest.front() != ',') return false;
  }
  return false;
}

// Whether the file changed after the date in `field`; none: it is no date.
std::optional<bool> ChangedSince(const std::string& field,
                                 const Validators& validators) {
  const std::optional<time_t> date = ParseHttpDate(field);
  if (!date) return std::nullopt;
  return validators.last_modified > *date;
}

}  // namespace

Validators ValidatorsOf(uint64_t size,
                        const timespec& mtime,
                        ino_t inode,
                        time_t now) {
  char etag[80];
  std::snprintf(etag,
                sizeof(etag),
                "\"%" PRIx64 ".%08lx-%" PRIx64 "-%" PRIx64 "\"",
                static_cast<uint64_t>(mtime.tv_sec),
                static_cast<unsigned long>(mtime.tv_nsec),
                size,
                static_cast<uint64_t>(inode));
  return {etag, std::min(mtime.tv_sec, now)};
}

Precondition Evaluate(const Request& request, const Validators& validators) {
  if (!request.if_match.empty()) {
    if (!Lists(request.if_match, validators.etag, Comparison::kStrong)) {
      return Precondition::kFailed;
    }
  } else if (ChangedSince(request.if_unmodified_since, validators) == true) {
    return Precondition::kFailed;
  }
  if (!request.if_none_match.empty()) {
    return Lists(request.if_none_match, validators.etag, Comparison::kWeak)
               ? Precondition::kNotModified
               : Precondition::kProceed;
  }
  return ChangedSince(request.if_modified_since, validators) == false
             ? Precondition::kNotModified
             : Precondition::kProceed;
}

bool IfRangeHolds(std::string_view if_range,
                  const Validators& validators,
                  time_t now) {
  if (if_range.empty() || if_range == validators.etag) return true;
  return ParseHttpDate(if_range) == validators.last_modified &&
         validators.last_modified < now;
}

}  // namespace cluster::static_files
