// ResolvePath: a path that somebody typed, as a whole one.
//
// Thread safety: a free function, safe from any thread.
//
//   ResolvePath("/srv", "./app.so")  // "/srv/app.so"
#ifndef CORE_BASE_RESOLVE_PATH_H_
#define CORE_BASE_RESOLVE_PATH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

// Returns `path` itself when it is absolute, else as seen from `directory`,
// which may be empty; without parts that are ".". Parts that are ".." stay:
// what is before them may be a link.
std::string ResolvePath(absl::string_view directory, absl::string_view path);

}  // namespace cluster

#endif  // CORE_BASE_RESOLVE_PATH_H_
