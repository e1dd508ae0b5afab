#include "ipc/steer_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kByHash = UINT32_MAX;

// Interprets `program` as the kernel would, for a packet on `cpu` and a draw of
// `random`. Knows the instructions that may occur; any other fails the test.
uint32_t Interpret(const std::vector<sock_filter>& program,
                   uint32_t cpu,
                   uint32_t random) {
  uint32_t a = 0;
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& at = program[pc];
    switch (at.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (at.k == static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_CPU)) {
          a = cpu;
        } else if (at.k == static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)) {
          a = random;
        } else {
          ADD_FAILURE() << "load of " << at.k;
        }
        break;
      case BPF_ALU | BPF_MOD | BPF_K:
        a %= at.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        pc += a >= at.k ? at.jt : at.jf;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        pc += a == at.k ? at.jt : at.jf;
        break;
      case BPF_RET | BPF_K:
        return at.k;
      case BPF_RET | BPF_A:
        return a;
      default:
        ADD_FAILURE() << "instruction " << at.code;
        return kByHash;
    }
  }
  ADD_FAILURE() << "no end";
  return kByHash;
}

// How often each of `count` sockets is picked, of 2^16 draws over all numbers.
std::vector<int> Shares(const std::vector<uint32_t>& weights) {
  const std::vector<sock_filter> program = SteerByWeight(weights);
  std::vector<int> shares(weights.size());
  for (uint32_t draw = 0; draw < 65'536; ++draw) {
    const uint32_t picked = Interpret(program, 0, draw << 16 | (draw & 0xffff));
    EXPECT_LT(picked, weights.size());
    if (picked < weights.size()) ++shares[picked];
  }
  return shares;
}

TEST(SteerByWeightTest, EqualWeightsShareEqually) {
  for (const int share : Shares({7, 7, 7, 7})) EXPECT_NEAR(share, 16'384, 2);
}

TEST(SteerByWeightTest, SharesAreThoseOfTheWeights) {
  const std::vector<int> shares = Shares({1, 2, 3, 4});
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(shares[i], 6'553.6 * (i + 1), 2);
}

TEST(SteerByWeightTest, WeightZeroIsNeverPicked) {
  const std::vector<int> shares = Shares({0, 1, 0, 1, 0});
  EXPECT_EQ(shares[0] + shares[2] + shares[4], 0);
  EXPECT_NEAR(shares[1], 32'768, 2);
  EXPECT_EQ(Shares({0, 5})[1], 65'536);
  EXPECT_EQ(Shares({5, 0})[0], 65'536);
}

TEST(SteerByWeightTest, GreatestWeightsDoNotOverflow) {
  const std::vector<int> shares = Shares({65'536, 1, 65'536});
  EXPECT_NEAR(shares[0], 32'768, 2);
  EXPECT_NEAR(shares[2], 32'768, 2);
}

TEST(SteerByWeightTest, NobodyLeavesItToTheKernel) {
  EXPECT_EQ(Interpret(SteerByWeight(std::vector<uint32_t>{0, 0}), 0, 7),
            kByHash);
}

TEST(SteerByWeightTest, LongestProgramIsOneTheKernelTakes) {
  std::vector<uint32_t> weights(kMaxSteeredSockets, 1);
  weights[0] = 2;
  EXPECT_LE(SteerByWeight(weights).size(), size_t{BPF_MAXINSNS});
  EXPECT_EQ(Interpret(SteerByWeight(weights), 0, UINT32_MAX),
            weights.size() - 1);
}

TEST(SteerByCpuTest, EachCpuHasItsSocket) {
  const std::vector<sock_filter> program =
      SteerByCpu(std::vector<int>{0, 3, 200}, std::vector<uint32_t>{2, 0, 1});
  EXPECT_EQ(Interpret(program, 0, 0), 2u);
  EXPECT_EQ(Interpret(program, 3, 0), 0u);
  EXPECT_EQ(Interpret(program, 200, 0), 1u);
  EXPECT_EQ(Interpret(program, 1, 0), kByHash);
}

// A socket that is a group by itself.
UniqueFd OneOfAGroup() {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  EXPECT_EQ(setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
  return fd;
}

// What the kernel says of the longest program.
absl::Status AttachLongest() {
  std::vector<uint32_t> weights(kMaxSteeredSockets, 1);
  weights[0] = 2;
  return AttachSteerProgram(OneOfAGroup().get(), SteerByWeight(weights));
}

TEST(AttachSteerProgramTest, KernelTakesTheLongestProgramOrSaysItsLimit) {
  const absl::Status status = AttachLongest();
  if (status.ok()) return;
  // Before Linux 6.8 the limit is too low for it, unless raised.
  EXPECT_EQ(ErrnoOf(status), ENOMEM) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("net.core.optmem_max"));
}

TEST(AttachSteerProgramTest, LimitOfMemoryIsToldByItsName) {
  absl::Status status;
  bool limited = false;
  // A thread may leave the network alone; it has the limit that Linux 6.7 has.
  std::thread([&] {
    if (unshare(CLONE_NEWNET) != 0) return;
    std::ofstream limit("/proc/sys/net/core/optmem_max");
    limit << "20480" << std::flush;
    limited = limit.good();
    if (limited) status = AttachLongest();
  }).join();
  if (!limited) GTEST_SKIP() << "no network of one's own, which wants root";
  EXPECT_EQ(status.message(),
            "setsockopt SO_ATTACH_REUSEPORT_CBPF (net.core.optmem_max limits "
            "the program, which grows with the workers): Cannot allocate "
            "memory (ENOMEM)");
}

// As nobody, who has no capability either.
TEST(AttachSteerProgramTest, NeedsNoPrivilege) {
  constexpr uid_t kNobody = 65534;
  const auto attach = [] {
    if (geteuid() == 0 && setresuid(kNobody, kNobody, kNobody) != 0) _exit(1);
    if (geteuid() == 0) _exit(2);
    const absl::Status by_weight = AttachSteerProgram(
        OneOfAGroup().get(), SteerByWeight(std::vector<uint32_t>{3, 1}));
    const absl::Status by_cpu = AttachSteerProgram(
        OneOfAGroup().get(),
        SteerByCpu(std::vector<int>{0, 1}, std::vector<uint32_t>{0, 1}));
    _exit(by_weight.ok() && by_cpu.ok() ? 0 : 3);
  };
  EXPECT_EXIT(attach(), testing::ExitedWithCode(0), "");
}

TEST(AttachSteerProgramTest, KernelRefusesWhatJumpsOutOfTheProgram) {
  const std::vector<sock_filter> bad = {
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 7, 7),
      BPF_STMT(BPF_RET | BPF_K, 0)};
  const absl::Status status = AttachSteerProgram(OneOfAGroup().get(), bad);
  EXPECT_EQ(status.message(),
            "setsockopt SO_ATTACH_REUSEPORT_CBPF: Invalid argument (EINVAL)");
}

TEST(AttachSteerProgramTest, WhatIsNoSocketIsToldByName) {
  const absl::Status status =
      AttachSteerProgram(-1, SteerByWeight(std::vector<uint32_t>{1, 1}));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("SO_ATTACH_REUSEPORT_CBPF"));
}

}  // namespace
}  // namespace cluster
