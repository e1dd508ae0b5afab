#include "core/scoreboard/plugin_phase.h"

#include "absl/strings/str_cat.h"

namespace cluster {

std::string DescribePhase(uint32_t phase, absl::string_view plugin) {
  switch (static_cast<PluginPhase>(phase)) {
    case PluginPhase::kLoading:
      return absl::StrCat("while loading ", plugin, " (in a constructor?)");
    case PluginPhase::kCreating:
      return absl::StrCat("in create of ", plugin);
    case PluginPhase::kStarting:
      return absl::StrCat("in start of ", plugin);
    case PluginPhase::kServing:
      return absl::StrCat("while ", plugin, " served");
    case PluginPhase::kConnection:
      return absl::StrCat("in on_connection of ", plugin);
    case PluginPhase::kDraining:
      return absl::StrCat("while ", plugin, " drained");
    case PluginPhase::kStopping:
      return absl::StrCat("in stop of ", plugin);
    case PluginPhase::kDestroying:
      return absl::StrCat("in destroy of ", plugin);
    case PluginPhase::kNone:
      break;
  }
  return "";
}

}  // namespace cluster
