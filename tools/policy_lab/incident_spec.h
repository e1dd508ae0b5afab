// ParseIncident: what --slow, --stall and --restart say.
#ifndef TOOLS_POLICY_LAB_INCIDENT_SPEC_H_
#define TOOLS_POLICY_LAB_INCIDENT_SPEC_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/policy_lab/incident.h"

namespace cluster::lab {

// Reads "0", "1:from=10s,for=5s" or, of a slow worker, "2:3x,from=1s". Safe
// from any thread.
//   kInvalidArgument  one line that says what is wrong
absl::StatusOr<Incident> ParseIncident(absl::string_view flag,
                                       absl::string_view text,
                                       Incident::Kind kind,
                                       uint32_t workers);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_INCIDENT_SPEC_H_
