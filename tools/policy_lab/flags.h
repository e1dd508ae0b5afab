// The flags of policy_lab, and the command line as flags and values.
//
// Thread safety: free functions, safe from any thread.
#ifndef TOOLS_POLICY_LAB_FLAGS_H_
#define TOOLS_POLICY_LAB_FLAGS_H_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster::lab {

struct Flag {
  absl::string_view group;  // of the help; the same as above where empty
  absl::string_view name;   // "--workers"
  absl::string_view value;  // what stands for it in the help; empty: a switch
  absl::string_view help;   // lines
  bool repeatable = false;
};

// Returns all flags, in the order of the help. The text is static.
std::span<const Flag> AllFlags();

// Returns what --help prints.
std::string HelpText();

// By flag, what was given; a switch has one empty value.
using FlagValues = std::map<std::string, std::vector<std::string>>;

// Sorts "--name=value", "--name value" and "--switch".
//   kInvalidArgument  one line: an unknown flag, no value, a value too many
absl::StatusOr<FlagValues> SortFlags(const std::vector<std::string>& words);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_FLAGS_H_
