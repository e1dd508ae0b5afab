#include "core/primary/workers/exit_words.h"

#include "core/control/worker_exit.h"
#include "plugins/host/exit_code.h"

namespace cluster {

absl::string_view ExitWords(int code) {
  switch (code) {
    case kWorkerExitPluginIncompatible:
      return "the plugin is incompatible";
    case kWorkerExitPluginRefused:
      return "the plugin refused";
    case kWorkerExitPluginNotReady:
      return "the plugin is not ready";
    case kWorkerExitPluginLoopEnded:
      return "the plugin's loop ended";
    case kWorkerExitPluginThrew:
      return "the plugin threw";
    case kWorkerExitNoDescriptors:
      return "the host's descriptors were closed";
    case kWorkerExitProtocol:
      return "its control channel broke";
    default:
      return "";
  }
}

}  // namespace cluster
