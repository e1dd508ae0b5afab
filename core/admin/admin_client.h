// AskHost: an operator's tool asks a running host, and waits for its answer.
//
// Thread safety: a free function, safe from any thread; it blocks.
//
//   ASSIGN_OR_RETURN(const AdminReply reply,
//                    AskHost(path, {.action = AdminAction::kStatus}));
#ifndef CORE_ADMIN_ADMIN_CLIENT_H_
#define CORE_ADMIN_ADMIN_CLIENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/admin/admin_messages.h"

namespace cluster {

// Asks the host whose socket is at `path`, absolute. Errors, each one line: the
// kernel's; kDeadlineExceeded; kDataLoss, what came is no answer; and
// kUnavailable, it closed without one (another user's host does).
absl::StatusOr<AdminReply> AskHost(const std::string& path,
                                   const AdminRequest& request,
                                   absl::Duration patience = absl::Seconds(5));

}  // namespace cluster

#endif  // CORE_ADMIN_ADMIN_CLIENT_H_
