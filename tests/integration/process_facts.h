// What the kernel says of a process, by /proc.
//
// Thread safety: free functions, safe from any thread.
//
//   const size_t before = OpenDescriptors(host.pid());
//   EXPECT_TRUE(AwaitTrue([&] { return OpenDescriptors(pid) == before; }));
#ifndef TESTS_INTEGRATION_PROCESS_FACTS_H_
#define TESTS_INTEGRATION_PROCESS_FACTS_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "tests/integration/scale.h"

namespace cluster {

// Returns how many descriptors `pid` has open; 0 if there is no such process.
size_t OpenDescriptors(pid_t pid);

// Returns the highest number of an open descriptor of `pid`, -1 if none.
int HighestDescriptor(pid_t pid);

// Returns the time that the main thread of `pid` has run so far.
absl::Duration CpuTime(pid_t pid);

// Returns how long the main thread of `pid` was ready to run but had no CPU.
absl::Duration WaitedForCpu(pid_t pid);

// Returns a field of /proc/PID/status such as "Threads", "" if there is none.
std::string StatusField(pid_t pid, const std::string& name);

// True if there is a process `pid`, also one that has ended and was not reaped.
bool Exists(pid_t pid);

// True once all threads of `pid` are stopped by a signal.
bool IsStopped(pid_t pid);

// Returns the children of `pid`'s main thread, those not yet reaped included.
std::vector<pid_t> ChildrenOf(pid_t pid);

// Waits for a fact that no event announces: looks every millisecond until
// `fact` holds or `limit` has passed. Returns whether it holds.
bool AwaitTrue(absl::FunctionRef<bool()> fact,
               absl::Duration limit = Deadline());

}  // namespace cluster

#endif  // TESTS_INTEGRATION_PROCESS_FACTS_H_
