// SteerProgram: the classic BPF program by which the kernel picks one socket of
// a SO_REUSEPORT group for a new connection. It needs no privilege.
//
// The program sees the packet and returns the number of a socket, counted in
// the order in which they joined the group. A number that there is not makes
// the kernel hash the packet's addresses instead.
//
// Source: socket(7), SO_ATTACH_REUSEPORT_CBPF; the kernel's
// Documentation/networking/filter.rst for the machine, and
// include/uapi/linux/filter.h for SKF_AD_CPU and SKF_AD_RANDOM.
//
// Thread safety: free functions, safe from any thread.
//
//   const std::vector<uint32_t> weights = {3, 1};
//   RETURN_IF_ERROR(AttachSteerProgram(socket, SteerByWeight(weights)));
#ifndef IPC_STEER_PROGRAM_H_
#define IPC_STEER_PROGRAM_H_

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"

namespace cluster {

// The most sockets that a program can tell apart.
inline constexpr size_t kMaxSteeredSockets = 1024;

// Picks socket i with a chance of weights[i] by the sum of all; one of weight 0
// is never picked. Where all are 0, the program leaves it to the kernel's hash.
// REQUIRES: at most kMaxSteeredSockets, each weight at most 65,536.
std::vector<sock_filter> SteerByWeight(std::span<const uint32_t> weights);

// Picks socket targets[i] for a packet that was received on CPU cpus[i], and
// leaves those of other CPUs to the kernel's hash.
// REQUIRES: both are equally long, at most kMaxSteeredSockets.
std::vector<sock_filter> SteerByCpu(std::span<const int> cpus,
                                    std::span<const uint32_t> targets);

// Has the group of `socket` use `program` from now on, for packets that arrive
// after the call. Errors: the kernel's, with the call's name.
absl::Status AttachSteerProgram(int socket,
                                std::span<const sock_filter> program);

}  // namespace cluster

#endif  // IPC_STEER_PROGRAM_H_
