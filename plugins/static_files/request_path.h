// RequestPath: what a request's target names, below the root.
//
// Percent signs are decoded once, then dot segments and empty segments go: what
// is left has no segment "", "." or "..", so no way up. (openat2(2) refuses
// one all the same: ServedRoot.)
//
// Thread safety: functions of their arguments.
//
//   const RequestPath path = ParseTarget("/a/./b%20c/?x=1");
//   // path.path == "a/b c", path.names_directory, path.query == "?x=1"
#ifndef PLUGINS_STATIC_FILES_REQUEST_PATH_H_
#define PLUGINS_STATIC_FILES_REQUEST_PATH_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace cluster::static_files {

inline constexpr size_t kMaxTargetBytes = 4096;

struct RequestPath {
  // The status to refuse it with, and nothing else; 0: none.
  //   400  is neither a path nor http://host/path, has a character that must be
  //        encoded, a bad percent sign or a NUL
  //   403  leads out of the root
  //   414  is longer than kMaxTargetBytes
  int refusal = 0;
  std::string path;  // decoded, without a slash at either end; "": the root
  bool names_directory = false;  // by a slash at the end
  std::string query;             // with its question mark; "": none
};

// `target` is in origin form or in absolute form (RFC 9112, 3.2).
RequestPath ParseTarget(std::string_view target);

// Returns `path` encoded for a URL. Slashes stay, unless they are to go, too.
std::string EncodePath(std::string_view path);
std::string EncodeSegment(std::string_view segment);

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_REQUEST_PATH_H_
