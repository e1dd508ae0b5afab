// The data path `steer` under a kernel that refuses its program, as a container
// may have it: this process, and the hosts that it starts, are under a filter
// of seccomp(2) for good.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "core/host/host_exit.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

// Has the kernel answer EPERM to SO_ATTACH_REUSEPORT_CBPF.
bool RefusePrograms() {
  constexpr uint32_t kNumber = offsetof(seccomp_data, nr);
  // Of the third argument, the lower half.
  constexpr uint32_t kOption = offsetof(seccomp_data, args[2]);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kOption),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SO_ATTACH_REUSEPORT_CBPF, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]),
                              .filter = filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(SteerRefusedTest, HostSaysSoInOneLineAndEnds) {
  ASSERT_TRUE(RefusePrograms());
  HostProcess host({TestPlugin("puppet"), "--data_path=steer", "--workers=2"});
  EXPECT_EQ(host.AwaitExit(), kExitInternal);
  EXPECT_EQ(host.Output(), "");
  const std::string error = host.ErrorOutput();
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
  EXPECT_TRUE(absl::StrContains(
      error,
      "cannot start: setsockopt SO_ATTACH_REUSEPORT_CBPF: Operation not "
      "permitted (EPERM)"))
      << error;
}

// The paths that need no program go on.
TEST(SteerRefusedTest, HandOffServes) {
  ASSERT_TRUE(RefusePrograms());
  HostProcess host({TestPlugin("puppet"), "--workers=2"});
  ASSERT_TRUE(host.AwaitServing(2));
  EXPECT_EQ(RunLoad({.port = host.port(), .request = "who\n"}, 10, 2)
                .count(End::kAnswered),
            10u);
  host.EndCleanly();
}

}  // namespace
}  // namespace cluster
