#include "ipc/steer_program.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "core/base/errno_status.h"

namespace cluster {
namespace {

// No group has as many sockets, so the kernel falls back to its hash.
constexpr uint32_t kByHash = UINT32_MAX;

sock_filter Load(int ancillary) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                  static_cast<uint32_t>(SKF_AD_OFF + ancillary));
}

sock_filter Return(uint32_t socket) {
  return BPF_STMT(BPF_RET | BPF_K, socket);
}

// Skips the next instruction unless the number is less than `bound`.
sock_filter IfLess(uint32_t bound) {
  return BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, bound, 1, 0);
}

// ... unless it equals `value`.
sock_filter IfEqual(uint32_t value) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
}

bool AllEqual(std::span<const uint32_t> weights) {
  return std::adjacent_find(weights.begin(),
                            weights.end(),
                            std::not_equal_to<>()) == weights.end();
}

}  // namespace

std::vector<sock_filter> SteerByWeight(std::span<const uint32_t> weights) {
  uint64_t total = 0;
  for (const uint32_t weight : weights) total += weight;
  if (total == 0) return {Return(kByHash)};
  const auto count = static_cast<uint32_t>(weights.size());
  if (AllEqual(weights)) {
    return {Load(SKF_AD_RANDOM),
            BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
            BPF_STMT(BPF_RET | BPF_A, 0)};
  }
  std::vector<sock_filter> program = {Load(SKF_AD_RANDOM)};
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (weights[i] == 0) continue;
    sum += weights[i];
    if (sum == total) {
      program.push_back(Return(i));
      break;
    }
    // The sum's share of all numbers of 32 bits; below 2^32.
    program.push_back(IfLess(static_cast<uint32_t>((sum << 32) / total)));
    program.push_back(Return(i));
  }
  return program;
}

std::vector<sock_filter> SteerByCpu(std::span<const int> cpus,
                                    std::span<const uint32_t> targets) {
  std::vector<sock_filter> program = {Load(SKF_AD_CPU)};
  for (size_t i = 0; i < cpus.size(); ++i) {
    program.push_back(IfEqual(static_cast<uint32_t>(cpus[i])));
    program.push_back(Return(targets[i]));
  }
  program.push_back(Return(kByHash));
  return program;
}

absl::Status AttachSteerProgram(int socket,
                                std::span<const sock_filter> program) {
  const sock_fprog attached = {
      .len = static_cast<unsigned short>(program.size()),
      // The kernel copies it and writes nothing.
      .filter = const_cast<sock_filter*>(program.data())};
  if (setsockopt(socket,
                 SOL_SOCKET,
                 SO_ATTACH_REUSEPORT_CBPF,
                 &attached,
                 sizeof(attached)) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(
      "setsockopt",
      errno == ENOMEM ? "SO_ATTACH_REUSEPORT_CBPF (net.core.optmem_max limits "
                        "the program, which grows with the workers)"
                      : "SO_ATTACH_REUSEPORT_CBPF");
}

}  // namespace cluster
