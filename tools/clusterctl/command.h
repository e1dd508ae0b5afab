// What a person typed behind clusterctl.
//
// Thread safety: plain values and a free function.
#ifndef TOOLS_CLUSTERCTL_COMMAND_H_
#define TOOLS_CLUSTERCTL_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/admin/admin_messages.h"

namespace cluster {

struct Command {
  std::string socket;  // absolute
  AdminRequest request;
  bool json = false;
  std::string print;  // not empty: the help or the version, nothing else
};

// Parses the words behind the program's name. `default_socket` may be empty;
// relative paths start at `directory`. kInvalidArgument: one line that says
// what is wrong and what would be right.
absl::StatusOr<Command> ParseCommand(const std::vector<std::string>& words,
                                     absl::string_view directory,
                                     absl::string_view default_socket);

}  // namespace cluster

#endif  // TOOLS_CLUSTERCTL_COMMAND_H_
