// What a probe finds in a plugin's file and entry, before any state.
//
// Thread safety: a probe's main thread.
#ifndef TOOLS_PLUGIN_CHECK_PROBE_FILE_CHECKS_H_
#define TOOLS_PLUGIN_CHECK_PROBE_FILE_CHECKS_H_

#include <string>

#include "plugins/abi/cluster_plugin.h"

namespace cluster {

// Reports what keeps a host from running the file, further exports, and what is
// missing. Loads nothing.
void CheckFile(const std::string& path, bool allow_draft);

// Reports the imports that no library gives which the file needs. Loads those
// libraries, but not the file.
void CheckSymbols(const std::string& path);

// Reports where the note says other than the entry that was loaded.
void CheckNote(const std::string& path, const cluster_plugin_entry_t& entry);

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_FILE_CHECKS_H_
