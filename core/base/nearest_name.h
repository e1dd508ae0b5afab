// NearestName: what somebody probably meant who typed an unknown name.
//
// Thread safety: a free function, safe from any thread.
//
//   NearestName("lisetn", {"listen", "workers"})  // "listen"
#ifndef CORE_BASE_NEAREST_NAME_H_
#define CORE_BASE_NEAREST_NAME_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace cluster {

// Returns the one of `names` that is nearest to `typed`, the first of several;
// empty if none is near. Near is what is at most a third of the longer name
// away, by letters put in, left out and changed, or what `typed` is the first
// half of, or more; that is the nearest.
// Source: V. Levenshtein, 1966; row by row as R. Wagner and M. Fischer, "The
// String-to-String Correction Problem", J. ACM 21(1), 1974.
absl::string_view NearestName(absl::string_view typed,
                              const std::vector<absl::string_view>& names);

}  // namespace cluster

#endif  // CORE_BASE_NEAREST_NAME_H_
