// The command `plugin_check inspect`: its command line, what it prints and its
// exit code.
//
// Thread safety: for main.
#ifndef TOOLS_PLUGIN_CHECK_INSPECT_COMMAND_H_
#define TOOLS_PLUGIN_CHECK_INSPECT_COMMAND_H_

#include <string>
#include <vector>

namespace cluster {

// `words` are those behind "inspect". Returns the exit code: 0 this host can
// run all of them, 1 it cannot run one, 2 wrong use (standard error says why).
int InspectCommand(const std::vector<std::string>& words);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_INSPECT_COMMAND_H_
