// ExpectServes: that the real host runs a plugin of tests/abi/plugins, or echo.
//
//   ExpectServes(DataPath("plugins/echo/echo.so"));
#ifndef TESTS_ABI_SERVES_H_
#define TESTS_ABI_SERVES_H_

#include <string>
#include <vector>

namespace cluster {

// Starts the host with two workers and the plugin at `path`, has connections
// echoed in all states up to draining, and expects balanced books. What else
// the plugin should do is known by its file's name: own_loop and sdk_echo log
// what they were told, and sdk_echo throws when asked to; services, which has
// what came with ABI 0.2, tells of more, and counts.
void ExpectServes(const std::string& path);

// Returns the paths of the plugins below `folder`, which is below the
// workspace, in order.
std::vector<std::string> PluginsBelow(const std::string& folder);

// Returns the file's name with letters, digits and underscores only, for the
// name of a test.
std::string TestNameOf(const std::string& path);

}  // namespace cluster

#endif  // TESTS_ABI_SERVES_H_
