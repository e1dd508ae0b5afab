// MakeService: the distribution that --service names.
#ifndef TOOLS_POLICY_LAB_SERVICE_MAKE_SERVICE_H_
#define TOOLS_POLICY_LAB_SERVICE_MAKE_SERVICE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/policy_lab/service/service.h"

namespace cluster::lab {

// Reads "exponential", "deterministic", "hyperexponential:cv2=10",
// "pareto:alpha=2.2", "bimodal:long=10%,ratio=10" or "trace:file=FILE"; a
// relative FILE starts at `directory`. Safe from any thread.
//   kInvalidArgument  one line that says what is wrong
absl::StatusOr<std::shared_ptr<const Service>> MakeService(
    absl::string_view text, const std::string& directory);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_SERVICE_MAKE_SERVICE_H_
