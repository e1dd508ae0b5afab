// What `host --help` and `host --version` print, and the table of flags behind
// the parser and the help alike.
//
// Thread safety: constants and free functions, safe from any thread.
#ifndef CORE_HOST_HELP_H_
#define CORE_HOST_HELP_H_

#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

struct FlagHelp {
  absl::string_view name;   // "--workers", or "PLUGIN"
  absl::string_view value;  // what stands after '='; empty: a switch
  absl::string_view group;
  absl::string_view text;  // lines of at most 52 characters
  bool repeatable = false;
};

// Returns every flag, group by group.
std::span<const FlagHelp> AllFlags();

// Returns the help, no line over 80 characters.
std::string HelpText();

// Returns the name, the version, the plugin ABI's version and the compiler.
std::string VersionText();

}  // namespace cluster

#endif  // CORE_HOST_HELP_H_
