// What the host makes of the process it was started as.
//
// Thread safety: call from main(), before anything else runs.
#ifndef CORE_HOST_PROCESS_SETUP_H_
#define CORE_HOST_PROCESS_SETUP_H_

#include "absl/status/status.h"

namespace cluster {

// kFailedPrecondition: the kernel is too old for the host.
absl::Status CheckKernel();

// Makes what whoever started the host has left behind not matter.
void TakeOverProcess();

// Every connection that waits or was handed off costs a descriptor.
void RaiseDescriptorLimit();

}  // namespace cluster

#endif  // CORE_HOST_PROCESS_SETUP_H_
