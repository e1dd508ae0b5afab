// The exit codes by which a worker says why it ended. docs/plugin_abi.md has
// the table. Both sides use this: the worker exits with one, the supervisor
// asks whether starting another can help.
//
// Thread safety: constants and pure functions.
//
//   std::_Exit(ExitCodeOf(status));
//   if (!retry_can_help(exit_code)) GiveUp();
#ifndef PLUGINS_HOST_EXIT_CODE_H_
#define PLUGINS_HOST_EXIT_CODE_H_

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

// The file is not a plugin, or not one that this host can run.
inline constexpr int kWorkerExitPluginIncompatible = 64;
// `create` or `start` said that the configuration is wrong (100-199), that the
// failure is permanent (200-299), or that the caller has a bug (300 and more).
inline constexpr int kWorkerExitPluginRefused = 65;
// `create` or `start` said "try again later" (1-99).
inline constexpr int kWorkerExitPluginNotReady = 66;
// `run` came back although dispatch had not said CLUSTER_STOPPED.
inline constexpr int kWorkerExitPluginLoopEnded = 67;
// A function of its table, or a callback, let an exception out.
inline constexpr int kWorkerExitPluginThrew = 68;

// Returns the exit code for a status that `create` or `start` returned. Any
// number that the ABI does not know counts as permanent.
constexpr int ExitCodeOf(cluster_status status) {
  if (status == CLUSTER_OK) return 0;
  return status >= 1 && status <= 99 ? kWorkerExitPluginNotReady
                                     : kWorkerExitPluginRefused;
}

// Says whether a new worker may do better than the one that ended so. False for
// 64 and 65: the same file and settings end the same way.
constexpr bool retry_can_help(int exit_code) {
  return exit_code != kWorkerExitPluginIncompatible &&
         exit_code != kWorkerExitPluginRefused;
}

}  // namespace cluster

#endif  // PLUGINS_HOST_EXIT_CODE_H_
