// StdioPlan: what a child finds at its descriptors 0, 1, 2 and on.
//
// One slot of the plan is the control channel; the child learns its number from
// its environment. The numbers above the plan are closed in the child.
//
// Thread safety: plain values.
//
//   StdioPlan plan = InheritedStdio();
//   plan.push_back({.kind = StdioSlot::Kind::kPipe});  // descriptor 4
//   RETURN_IF_ERROR(CheckStdio(plan));
#ifndef CORE_SUPERVISOR_STDIO_PLAN_H_
#define CORE_SUPERVISOR_STDIO_PLAN_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"

namespace cluster {

struct StdioSlot {
  enum class Kind {
    kInherit,  // this process's descriptor of the same number
    kIgnore,   // /dev/null
    kPipe,     // to this process: 0 to 2 go one way, others both
    kIpc,      // the control channel
    kFd,       // this process's descriptor `fd`, borrowed
  };

  Kind kind = Kind::kInherit;
  int fd = -1;  // kFd only
};

using StdioPlan = std::vector<StdioSlot>;

// More would be of no use, and is more likely a mistake.
inline constexpr size_t kMaxStdioSlots = 64;

// Standard streams as this process has them; the channel is 3.
StdioPlan InheritedStdio();
// The same, with pipes in place of output and error.
StdioPlan CapturedOutput();
// Pipes in place of all three.
StdioPlan PipedStdio();

// kInvalidArgument: there is not exactly one channel, a number below 0, or too
// many slots.
absl::Status CheckStdio(const StdioPlan& plan);

// The number of the channel. REQUIRES: CheckStdio(plan) is OK.
int ChannelSlot(const StdioPlan& plan);

}  // namespace cluster

#endif  // CORE_SUPERVISOR_STDIO_PLAN_H_
