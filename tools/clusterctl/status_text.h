// A host's status, as a table for people or as JSON for programs.
//
// Thread safety: pure functions.
#ifndef TOOLS_CLUSTERCTL_STATUS_TEXT_H_
#define TOOLS_CLUSTERCTL_STATUS_TEXT_H_

#include <string>

#include "core/admin/admin_messages.h"

namespace cluster {

std::string ToTable(const AdminStatus& status);

// One object on one line, with its names as in AdminStatus.
std::string ToJson(const AdminStatus& status);

}  // namespace cluster

#endif  // TOOLS_CLUSTERCTL_STATUS_TEXT_H_
