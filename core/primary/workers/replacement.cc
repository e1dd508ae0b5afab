#include "core/primary/workers/replacement.h"

#include "plugins/host/exit_code.h"

namespace cluster {

Replacement::Verdict Replacement::Judge(const Ending& ending, absl::Time now) {
  if (ending.exit.signal == 0 && ending.exit.code != 0 &&
      !retry_can_help(ending.exit.code)) {
    return Verdict::kHopeless;
  }
  const bool counts =
      !ending.planned || (ending.life < shortest_life_ && !ending.wanted);
  if (counts && !window_.Admit(now)) return Verdict::kTooOften;
  return Verdict::kReplace;
}

}  // namespace cluster
