#include "ipc/listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "ipc/address.h"
#include "ipc/open_fds.h"
#include "ipc/socket_name.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

ListenAddress Parse(absl::string_view text) {
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
  EXPECT_TRUE(address.ok()) << address.status();
  return *address;
}

ListenAddress LocalOf(const UniqueFd& fd) {
  const absl::StatusOr<ListenAddress> address = LocalAddress(fd.get());
  EXPECT_TRUE(address.ok()) << address.status();
  return *address;
}

// Whether a client can connect to `address`.
bool Connects(const ListenAddress& address) {
  const absl::StatusOr<SocketName> name = SocketName::Of(address);
  if (!name.ok()) return false;
  const UniqueFd fd(
      socket(name->sockaddr()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), name->sockaddr(), name->length()) == 0;
}

bool HasIpv6() {
  const absl::StatusOr<UniqueFd> fd = OpenListener(Parse("[::1]:0"));
  return fd.ok();
}

class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    // Not below TEST_TMPDIR: its name may be longer than a sun_path.
    char name[] = "/tmp/listener_test.XXXXXX";
    directory_ = mkdtemp(name);
    path_ = absl::StrCat(directory_, "/socket");
    unix_ = Parse(absl::StrCat("unix:", path_));
  }

  ~ListenerTest() override {
    std::filesystem::remove_all(directory_);
    EXPECT_EQ(OpenFds(), fds_before_);
  }

  // A socket file whose process is gone.
  void LeaveStaleSocket() {
    ASSERT_TRUE(OpenListener(unix_).ok());
    ASSERT_TRUE(std::filesystem::exists(path_));
  }

  const size_t fds_before_ = OpenFds();
  std::string directory_;
  std::string path_;
  ListenAddress unix_;
};

TEST_F(ListenerTest, TcpListenerIsNonBlockingAndCloseOnExec) {
  const absl::StatusOr<UniqueFd> fd = OpenListener(Parse("127.0.0.1:0"));
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_NE(fcntl(fd->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(Connects(LocalOf(*fd)));
}

TEST_F(ListenerTest, NoHostTakesIpv4AndIpv6) {
  const absl::StatusOr<UniqueFd> fd = OpenListener(Parse(":0"));
  ASSERT_TRUE(fd.ok()) << fd.status();
  const int port = *PortOf(LocalOf(*fd));
  EXPECT_TRUE(Connects(Parse(absl::StrCat("127.0.0.1:", port))));
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_TRUE(Connects(Parse(absl::StrCat("[::1]:", port))));
}

TEST_F(ListenerTest, OneIpv6AddressLeavesIpv4Alone) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const absl::StatusOr<UniqueFd> fd = OpenListener(Parse("[::1]:0"));
  const int port = *PortOf(LocalOf(*fd));
  EXPECT_TRUE(Connects(Parse(absl::StrCat("[::1]:", port))));
  EXPECT_TRUE(OpenListener(Parse(absl::StrCat("127.0.0.1:", port))).ok());
}

TEST_F(ListenerTest, TakenPortIsEaddrinuse) {
  const absl::StatusOr<UniqueFd> fd = OpenListener(Parse("127.0.0.1:0"));
  const std::string text = LocalOf(*fd).text;
  const absl::Status status = OpenListener(Parse(text)).status();
  EXPECT_EQ(ErrnoOf(status), EADDRINUSE);
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST_F(ListenerTest, AddressOfNobodyKeepsItsErrno) {
  const absl::Status status = OpenListener(Parse("192.0.2.1:0")).status();
  EXPECT_EQ(ErrnoOf(status), EADDRNOTAVAIL);
  EXPECT_EQ(SyscallOf(status), "bind");
}

TEST_F(ListenerTest, UnixPathListens) {
  const absl::StatusOr<UniqueFd> fd = OpenListener(unix_);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Connects(unix_));
  EXPECT_EQ(LocalOf(*fd).text, unix_.text);
}

TEST_F(ListenerTest, LongPathListensAndIsRemoved) {
  const std::string deep = absl::StrCat(directory_, "/", std::string(120, 'd'));
  std::filesystem::create_directory(deep);
  const ListenAddress address = Parse(absl::StrCat("unix:", deep, "/socket"));
  for (int round = 0; round < 2; ++round) {
    const absl::StatusOr<UniqueFd> fd = OpenListener(address);
    ASSERT_TRUE(fd.ok()) << fd.status();
    EXPECT_TRUE(Connects(address));
    EXPECT_EQ(ErrnoOf(OpenListener(address).status()), EADDRINUSE);
    const ListenAddress bound = *BoundAddress(fd->get(), address);
    EXPECT_EQ(bound.text, address.text);
    // The second round finds what the first has left.
    if (round == 1) RemoveSocketFile(bound);
  }
  EXPECT_FALSE(std::filesystem::exists(deep + "/socket"));
}

TEST_F(ListenerTest, PartThatIsTooLongEvenSoIsEnametoolong) {
  const absl::Status status =
      OpenListener(
          Parse(absl::StrCat("unix:", directory_, "/", std::string(150, 's'))))
          .status();
  EXPECT_EQ(ErrnoOf(status), ENAMETOOLONG);
  EXPECT_EQ(SyscallOf(status), "bind");
}

TEST_F(ListenerTest, FileIsForAllUsersWhereThatIsWanted) {
  const mode_t before = umask(077);
  const auto mode_with = [this](const ListenerOptions& options) {
    const UniqueFd fd = *OpenListener(unix_, options);
    const auto mode = std::filesystem::status(path_).permissions();
    RemoveSocketFile(*BoundAddress(fd.get(), unix_));
    return static_cast<unsigned>(mode);
  };
  EXPECT_EQ(mode_with({}), 0700u);
  EXPECT_EQ(mode_with({.readable_all = true}), 0744u);
  EXPECT_EQ(mode_with({.writable_all = true}), 0722u);
  EXPECT_EQ(mode_with({.readable_all = true, .writable_all = true}), 0766u);
  umask(before);
}

TEST_F(ListenerTest, AbstractNameListensAndLeavesNoFile) {
  const ListenAddress address =
      Parse(absl::StrCat("unix:@listener_test.", getpid()));
  const absl::StatusOr<UniqueFd> fd = OpenListener(address);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Connects(address));
  EXPECT_EQ(ErrnoOf(OpenListener(address).status()), EADDRINUSE);
  RemoveSocketFile(LocalOf(*fd));
}

TEST_F(ListenerTest, StaleSocketIsReplaced) {
  LeaveStaleSocket();
  const absl::StatusOr<UniqueFd> fd = OpenListener(unix_);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(Connects(unix_));
}

TEST_F(ListenerTest, LiveSocketIsLeftAlone) {
  const absl::StatusOr<UniqueFd> live = OpenListener(unix_);
  ASSERT_TRUE(live.ok()) << live.status();
  EXPECT_EQ(ErrnoOf(OpenListener(unix_).status()), EADDRINUSE);
  EXPECT_TRUE(Connects(unix_));
}

TEST_F(ListenerTest, LiveSocketWithAFullBacklogIsLeftAlone) {
  const absl::StatusOr<UniqueFd> live = OpenListener(unix_, {.backlog = 0});
  ASSERT_TRUE(live.ok()) << live.status();
  EXPECT_TRUE(Connects(unix_));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ErrnoOf(OpenListener(unix_).status()), EADDRINUSE);
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, PlainFileIsNeverRemoved) {
  std::ofstream(path_) << "precious";
  const absl::Status status = OpenListener(unix_).status();
  EXPECT_EQ(ErrnoOf(status), EADDRINUSE);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no socket"));
  EXPECT_EQ(std::filesystem::file_size(path_), 8u);
}

TEST_F(ListenerTest, SymbolicLinkIsNeverFollowedOrRemoved) {
  LeaveStaleSocket();
  const std::string link = absl::StrCat(directory_, "/link");
  std::filesystem::create_symlink(path_, link);
  const absl::Status status =
      OpenListener(Parse(absl::StrCat("unix:", link))).status();
  EXPECT_EQ(ErrnoOf(status), EADDRINUSE);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, MissingDirectoryKeepsItsErrno) {
  const ListenAddress address =
      Parse(absl::StrCat("unix:", directory_, "/no/socket"));
  EXPECT_EQ(ErrnoOf(OpenListener(address).status()), ENOENT);
}

TEST_F(ListenerTest, OwnSocketFileIsRemoved) {
  const absl::StatusOr<UniqueFd> fd = OpenListener(unix_);
  RemoveSocketFile(LocalOf(*fd));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, SocketFileOfASuccessorStays) {
  const absl::StatusOr<UniqueFd> mine = OpenListener(unix_);
  const ListenAddress bound = LocalOf(*mine);
  std::filesystem::remove(path_);
  const absl::StatusOr<UniqueFd> successor = OpenListener(unix_);
  ASSERT_TRUE(successor.ok()) << successor.status();
  RemoveSocketFile(bound);
  EXPECT_TRUE(Connects(unix_));
}

TEST_F(ListenerTest, AddressThatWasNeverBoundRemovesNothing) {
  const absl::StatusOr<UniqueFd> fd = OpenListener(unix_);
  RemoveSocketFile(unix_);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, InheritedListenerIsDuplicated) {
  const absl::StatusOr<UniqueFd> inherited = OpenListener(Parse("127.0.0.1:0"));
  const absl::StatusOr<UniqueFd> fd =
      OpenListener(Parse(absl::StrCat("fd:", inherited->get())));
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_NE(fd->get(), inherited->get());
  EXPECT_NE(fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl(fd->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(LocalOf(*fd).text, LocalOf(*inherited).text);
}

TEST_F(ListenerTest, FileOfAnInheritedSocketIsForItsMaker) {
  const UniqueFd inherited = *OpenListener(unix_);
  const ListenAddress asked = Parse(absl::StrCat("fd:", inherited.get()));
  const UniqueFd fd = *OpenListener(asked);
  RemoveSocketFile(*BoundAddress(fd.get(), asked));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenerTest, InheritedDatagramSocketIsDuplicated) {
  const UniqueFd inherited = *OpenListener(Parse("udp:127.0.0.1:0"));
  const ListenAddress asked = Parse(absl::StrCat("fd:", inherited.get()));
  const UniqueFd fd = *OpenListener(asked);
  const ListenAddress bound = *BoundAddress(fd.get(), asked);
  EXPECT_EQ(bound.kind, ListenAddress::Kind::kUdp);
  EXPECT_EQ(bound.fd, inherited.get());
}

TEST_F(ListenerTest, InheritedDescriptorMustListen) {
  const UniqueFd idle(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd datagram(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const int fd : {idle.get(), datagram.get(), file.get()}) {
    const absl::Status status =
        OpenListener(Parse(absl::StrCat("fd:", fd))).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
}

TEST_F(ListenerTest, InheritedDescriptorThatIsClosedIsEbadf) {
  EXPECT_EQ(ErrnoOf(OpenListener(Parse("fd:1000000")).status()), EBADF);
}

TEST_F(ListenerTest, DatagramSocketIsBoundAndItsOwn) {
  const UniqueFd fd = *OpenListener(Parse("udp:127.0.0.1:0"));
  const ListenAddress bound = LocalOf(fd);
  EXPECT_EQ(bound.kind, ListenAddress::Kind::kUdp);
  EXPECT_NE(PortOf(bound), 0);
  EXPECT_NE(fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  // SO_REUSEADDR would let another take datagrams away.
  EXPECT_EQ(ErrnoOf(OpenListener(Parse(ToString(bound))).status()), EADDRINUSE);
}

TEST_F(ListenerTest, ReusedPortIsBoundTwice) {
  const UniqueFd first =
      *OpenListener(Parse("127.0.0.1:0"), {.reuse_port = true});
  const ListenAddress bound = LocalOf(first);
  EXPECT_TRUE(OpenListener(bound, {.reuse_port = true}).ok());
  EXPECT_FALSE(OpenListener(bound).ok());
}

TEST_F(ListenerTest, Ipv6AloneLeavesThePortToIpv4) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const UniqueFd six = *OpenListener(Parse("[::]:0"), {.ipv6_only = true});
  const int port = *PortOf(LocalOf(six));
  EXPECT_TRUE(OpenListener(Parse(absl::StrCat("0.0.0.0:", port))).ok());
}

}  // namespace
}  // namespace cluster
