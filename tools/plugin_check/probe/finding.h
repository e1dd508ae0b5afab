// Finding: what may be wrong with a plugin, as a probe reports it. The checks
// of plugin_check say which findings make them fail; one probe may see several.
//
// Thread safety: constants and pure functions.
//
//   std::fputs(NameOf(Finding::kDoubleClose).data(), stdout);
#ifndef TOOLS_PLUGIN_CHECK_PROBE_FINDING_H_
#define TOOLS_PLUGIN_CHECK_PROBE_FINDING_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace cluster {

enum class Finding : uint8_t {
  // How the probe ended; seen from outside.
  kCrashed,
  kExited,
  kHung,
  // The file and its loading.
  kFileUnfit,
  kFileUntidy,
  kUndefinedSymbol,
  kNotLoadable,
  kPrinted,
  kThreadStarted,
  kNotRefused,
  // The states.
  kRefused,
  kNoMessage,
  kLoopEnded,
  kNotDrained,
  // The contract.
  kWrongThread,
  kWrongState,
  kLateCall,
  kBadArgument,
  kUnknownId,
  kDoubleClose,
  kUnlistedService,
  // What is left.
  kConnectionOpen,
  kDescriptorLeft,
  kWatchLeft,
  kTimerLeft,
  kThreadLeft,
  kMemoryGrew,
  // The rest.
  kSlow,
  kSpins,
  kSignalsChanged,
};

// Returns the word that stands for it between probe and tool.
absl::string_view NameOf(Finding finding);
// Returns what to do about it, one line.
absl::string_view AdviceFor(Finding finding);
// Returns the finding called `name`; none if there is none.
std::optional<Finding> FindingCalled(absl::string_view name);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_FINDING_H_
