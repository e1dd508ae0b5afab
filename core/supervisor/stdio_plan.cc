#include "core/supervisor/stdio_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

using Kind = StdioSlot::Kind;

bool IsChannel(const StdioSlot& slot) { return slot.kind == Kind::kIpc; }

StdioPlan Standard(Kind input, Kind outputs) {
  return {{.kind = input},
          {.kind = outputs},
          {.kind = outputs},
          {.kind = Kind::kIpc}};
}

}  // namespace

StdioPlan InheritedStdio() { return Standard(Kind::kInherit, Kind::kInherit); }
StdioPlan CapturedOutput() { return Standard(Kind::kInherit, Kind::kPipe); }
StdioPlan PipedStdio() { return Standard(Kind::kPipe, Kind::kPipe); }

absl::Status CheckStdio(const StdioPlan& plan) {
  if (plan.size() > kMaxStdioSlots) {
    return absl::InvalidArgumentError(absl::StrCat(
        "stdio: ", plan.size(), " slots are more than ", kMaxStdioSlots));
  }
  const auto channels = std::count_if(plan.begin(), plan.end(), IsChannel);
  if (channels != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "stdio: exactly one slot has to be the IPC channel, not ", channels));
  }
  for (size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].kind != Kind::kFd || plan[i].fd >= 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("stdio: slot ", i, " names the descriptor ", plan[i].fd));
  }
  return absl::OkStatus();
}

int ChannelSlot(const StdioPlan& plan) {
  return static_cast<int>(std::find_if(plan.begin(), plan.end(), IsChannel) -
                          plan.begin());
}

}  // namespace cluster
