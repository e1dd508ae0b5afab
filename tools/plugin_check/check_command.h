// The command `plugin_check check`: its command line, what it prints and its
// exit code.
//
// Thread safety: for main.
#ifndef TOOLS_PLUGIN_CHECK_CHECK_COMMAND_H_
#define TOOLS_PLUGIN_CHECK_CHECK_COMMAND_H_

#include <string>
#include <vector>

namespace cluster {

// Part of the text that --help prints.
extern const char kCheckUsage[];

// `words` are those behind "check". Returns the exit code: 0 no check failed, 1
// one did, 2 wrong use (standard error says how).
int CheckCommand(const std::vector<std::string>& words);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_CHECK_COMMAND_H_
