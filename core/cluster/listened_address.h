// ListenedAddress: where a listener of the primary is bound, in the words of
// the `listening` event.
#ifndef CORE_CLUSTER_LISTENED_ADDRESS_H_
#define CORE_CLUSTER_LISTENED_ADDRESS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "core/cluster/events.h"

namespace cluster {

// Reads `text`, an address as ipc/address.h prints it.
Address ToAddress(absl::string_view text);

}  // namespace cluster

#endif  // CORE_CLUSTER_LISTENED_ADDRESS_H_
