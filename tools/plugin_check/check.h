// Check: one thing that plugin_check proves of a plugin, and what would
// disprove it. A check is a row of a table: which scenarios a probe plays and
// which findings make the check fail or warn.
//
// Thread safety: constants and pure functions.
//
//   for (const Check& check : AllChecks()) Print(check.name, check.proves);
#ifndef TOOLS_PLUGIN_CHECK_CHECK_H_
#define TOOLS_PLUGIN_CHECK_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/plugin_check/probe/finding.h"

namespace cluster {

// What must have been seen before a check makes sense.
enum class Needs : uint8_t { kNothing, kSymbols, kLoads, kStarts, kServes };

struct Check {
  std::string name;
  std::string proves;  // one line, without a full stop
  Needs needs = Needs::kNothing;
  // Each is played in a probe of its own.
  std::vector<std::string> scenarios = {};
  // That a probe crashes, exits or hangs makes every check fail, but for those
  // with `trusts_others`: they do not repeat what another check has found.
  std::vector<Finding> fails = {};
  std::vector<Finding> warns = {};
  bool trusts_others = false;
};

// Checks whose number depends on the plugin; their names go on with ':' and
// what it is about.
inline constexpr absl::string_view kServiceFailure = "service_failure";
inline constexpr absl::string_view kOptionalMissing =
    "optional_service_missing";
inline constexpr absl::string_view kRequiredMissing =
    "required_service_missing";
inline constexpr absl::string_view kErrorMessage = "error_message";

// Every check, in the order of running. Of a family, one row that stands for
// all.
const std::vector<Check>& AllChecks();

// Returns the row called `name`, or of the family that `name` is in; null if
// there is none.
const Check* FindCheck(absl::string_view name);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_CHECK_H_
