// Draft services: tables that may still change, or go, under the same id. Who
// starts a host or tool decides whether they are there; the ABI's promises
// begin when a service gets its lasting id.
//
// Thread safety: pure functions.
#ifndef PLUGINS_HOST_DRAFT_SERVICE_H_
#define PLUGINS_HOST_DRAFT_SERVICE_H_

#include <algorithm>
#include <span>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace cluster {

inline bool IsDraftService(absl::string_view id) {
  return absl::StartsWith(id, "cluster.x-draft.");
}

// What to say behind a list of services that are missing, empty if no draft is
// among them.
inline absl::string_view DraftAdvice(
    std::span<const absl::string_view> missing) {
  return std::any_of(missing.begin(), missing.end(), IsDraftService)
             ? "; a draft is there only with --allow_draft, and on a host that "
               "has it"
             : "";
}

}  // namespace cluster

#endif  // PLUGINS_HOST_DRAFT_SERVICE_H_
