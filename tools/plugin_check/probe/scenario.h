// Scenario: what happens to a plugin in one probe, from create to destroy.
//
// Thread safety: constants.
//
//   const Scenario* scenario = FindScenario("peer_resets");
//   host.Run([&] { scenario->play(stage); });
#ifndef TOOLS_PLUGIN_CHECK_PROBE_SCENARIO_H_
#define TOOLS_PLUGIN_CHECK_PROBE_SCENARIO_H_

#include "absl/strings/string_view.h"
#include "tools/plugin_check/probe/stage.h"

namespace cluster {

struct Scenario {
  absl::string_view name;
  // Runs while the plugin is started. Null: it is stopped right after create.
  void (*play)(Stage& stage);
};

// Returns null if there is none of that name.
const Scenario* FindScenario(absl::string_view name);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_SCENARIO_H_
