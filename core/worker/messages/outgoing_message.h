// OutgoingMessage: what a plugin wants to send, checked and with descriptors of
// its own.
//
// Thread safety: free functions and plain values.
#ifndef CORE_WORKER_MESSAGES_OUTGOING_MESSAGE_H_
#define CORE_WORKER_MESSAGES_OUTGOING_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "core/control/user_message.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

struct OutgoingMessage {
  MessageHead head;
  std::span<const std::byte> bytes;  // the plugin's
  std::vector<UniqueFd> fds;         // copies
};

// Says what makes no sense in `message`, which may be null, but for whom it is:
// "payload.data is NULL". Empty if nothing.
absl::string_view FaultOfContent(const cluster_outgoing* message);
// Likewise of `to` and `number`.
absl::string_view FaultOfTarget(const cluster_outgoing& message);

// Reads `message` into `*outgoing`, but for whom it is. REQUIRES: there is no
// fault of content.
//   CLUSTER_E_INVALID  a descriptor is not open
//   CLUSTER_E_SYSTEM   no descriptor is left to copy one (see errno)
cluster_status ReadContent(const cluster_outgoing& message,
                           OutgoingMessage* outgoing);

// Reads for whom it is. There are `slots` slots. REQUIRES: there is no fault of
// target.
//   CLUSTER_E_GONE     there is no such slot
cluster_status ReadTarget(const cluster_outgoing& message,
                          uint32_t slots,
                          OutgoingMessage* outgoing);

}  // namespace cluster

#endif  // CORE_WORKER_MESSAGES_OUTGOING_MESSAGE_H_
