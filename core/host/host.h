// HostMain: the host's program in the primary role, from command line to exit
// code.
//
// Thread safety: call once, from main().
#ifndef CORE_HOST_HOST_H_
#define CORE_HOST_HOST_H_

namespace cluster {

// Runs the host and returns its exit code (core/host/host_exit.h).
int HostMain(int argc, char** argv);

}  // namespace cluster

#endif  // CORE_HOST_HOST_H_
