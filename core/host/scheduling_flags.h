// The flags that say who gets the next connection, and which of them go
// together.
//
// Thread safety: a free function, safe from any thread.
#ifndef CORE_HOST_SCHEDULING_FLAGS_H_
#define CORE_HOST_SCHEDULING_FLAGS_H_

#include "absl/status/status.h"
#include "core/host/options.h"
#include "core/host/raw_command.h"

namespace cluster {

// Reads them. REQUIRES: options->workers is read. kInvalidArgument: one line
// that says what is wrong and what would be right.
absl::Status ReadScheduling(const RawCommand& raw, HostOptions* options);

}  // namespace cluster

#endif  // CORE_HOST_SCHEDULING_FLAGS_H_
