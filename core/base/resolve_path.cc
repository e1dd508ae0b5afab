#include "core/base/resolve_path.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace cluster {

std::string ResolvePath(absl::string_view directory, absl::string_view path) {
  std::string whole(path);
  if (!absl::StartsWith(path, "/") && !directory.empty()) {
    const bool ends_in_slash = directory.back() == '/';
    whole = absl::StrCat(directory, ends_in_slash ? "" : "/", path);
  }
  std::vector<absl::string_view> parts = absl::StrSplit(whole, '/');
  if (std::erase(parts, ".") == 0) return whole;
  const std::string resolved = absl::StrJoin(parts, "/");
  if (!resolved.empty()) return resolved;
  return absl::StartsWith(whole, "/") ? "/" : ".";
}

}  // namespace cluster
