// ProcessSnapshot: what a plugin may leave behind in the process, counted.
//
// Thread safety: any thread, while no other opens or closes descriptors.
//
//   const ProcessSnapshot before = ProcessSnapshot::Take();
//   ...
//   for (const std::string& what : NewDescriptors(before, Take())) ...
#ifndef TOOLS_PLUGIN_CHECK_PROBE_PROCESS_SNAPSHOT_H_
#define TOOLS_PLUGIN_CHECK_PROBE_PROCESS_SNAPSHOT_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace cluster {

struct ProcessSnapshot {
  static ProcessSnapshot Take();

  std::map<int, std::string> descriptors;  // what /proc/self/fd says of each
  size_t threads = 0;
};

// Returns what is open in `after` and was not in `before`, one line each.
std::vector<std::string> NewDescriptors(const ProcessSnapshot& before,
                                        const ProcessSnapshot& after);

// What the process does with signals, and what this thread blocks.
struct SignalSnapshot {
  static SignalSnapshot Take();

  std::map<int, const void*> handlers;
  std::vector<int> blocked;
};

// Returns what differs, one line each, such as "SIGTERM has another handler".
std::vector<std::string> ChangedSignals(const SignalSnapshot& before,
                                        const SignalSnapshot& after);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_PROCESS_SNAPSHOT_H_
