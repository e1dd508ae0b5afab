// PluginPhase: which part of the plugin a worker is in, in one shared word, so
// that the primary can say where a worker died or hangs.
//
// Thread safety: constants and free functions over values.
//
//   page.phase.store(static_cast<uint32_t>(PluginPhase::kCreating));
//   Warn(DescribePhase(page.phase.load(), "greeter.so"));
#ifndef CORE_SCOREBOARD_PLUGIN_PHASE_H_
#define CORE_SCOREBOARD_PLUGIN_PHASE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

enum class PluginPhase : uint32_t {
  kNone = 0,    // none of its code has run, or none runs any more
  kLoading,     // the dynamic loader, with the plugin's constructors
  kCreating,    // create
  kStarting,    // start
  kServing,     // on the loop
  kConnection,  // on_connection
  kDraining,    // on the loop, told to drain
  kStopping,    // stop
  kDestroying,  // destroy
};

// Returns where that is, in words: "while loading greeter.so (in a
// constructor?)", "in create of greeter.so", "while greeter.so served". Empty
// for kNone, and for a number that is no phase: `phase` may come from anywhere.
// `plugin` names the plugin or its file.
std::string DescribePhase(uint32_t phase, absl::string_view plugin);

// True before the plugin's start has returned.
constexpr bool phase_is_start(uint32_t phase) {
  return phase <= static_cast<uint32_t>(PluginPhase::kStarting);
}

}  // namespace cluster

#endif  // CORE_SCOREBOARD_PLUGIN_PHASE_H_
