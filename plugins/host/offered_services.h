// What a plugin requires of a host's services, compared with what it offers:
// one rule and one text for the primary, the loader and the tools.
//
// Thread safety: pure functions.
//
//   RETURN_IF_ERROR(CheckOffered(info.required_services, path, offered));
#ifndef PLUGINS_HOST_OFFERED_SERVICES_H_
#define PLUGINS_HOST_OFFERED_SERVICES_H_

#include <algorithm>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "plugins/host/draft_service.h"

namespace cluster {

// Returns those of `wanted`, a range of ids, that are not in `offered`.
template <class Ids>
std::vector<absl::string_view> NotOffered(
    const Ids& wanted, std::span<const absl::string_view> offered) {
  std::vector<absl::string_view> missing;
  for (const absl::string_view id : wanted) {
    if (std::find(offered.begin(), offered.end(), id) == offered.end()) {
      missing.push_back(id);
    }
  }
  return missing;
}

// Says whether all that the plugin `name` requires is offered.
//   kFailedPrecondition  it is not; the message has what is missing and what is
//                        offered
template <class Ids>
absl::Status CheckOffered(const Ids& required,
                          absl::string_view name,
                          std::span<const absl::string_view> offered) {
  const std::vector<absl::string_view> missing = NotOffered(required, offered);
  if (missing.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(name,
                   " needs what this host does not offer: ",
                   absl::StrJoin(missing, ", "),
                   DraftAdvice(missing),
                   " (it offers ",
                   absl::StrJoin(offered, ", "),
                   ")"));
}

}  // namespace cluster

#endif  // PLUGINS_HOST_OFFERED_SERVICES_H_
