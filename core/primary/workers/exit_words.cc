#include "core/primary/workers/exit_words.h"

#include "core/control/worker_exit.h"
#include "plugins/host/exit_code.h"

namespace cluster {

absl::string_view ExitWords(int code) {
  switch (code) {
    case kExitPluginIncompatible:
      return "the plugin is incompatible";
    case kExitPluginRefused:
      return "the plugin refused";
    case kExitPluginNotReady:
      return "the plugin is not ready";
    case kExitPluginLoopEnded:
      return "the plugin's loop ended";
    case kExitPluginThrew:
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
