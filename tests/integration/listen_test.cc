// The addresses on which the host listens.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/host/host_exit.h"
#include "plugins/testing/client.h"
#include "tests/integration/client_set.h"
#include "tests/integration/host_process.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

// A folder that is gone after the test; short, as a Unix address is.
class ScratchFolder {
 public:
  ScratchFolder() { path_ = mkdtemp(path_.data()); }
  ~ScratchFolder() { fs::remove_all(path_); }
  std::string File(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/listen_test_XXXXXX";
};

sockaddr_un UnixAddress(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

UniqueFd ConnectToPath(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = UnixAddress(path);
  const int result = connect(
      fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  return result == 0 ? std::move(fd) : UniqueFd();
}

// A socket file of whose owner nothing else is left.
void LeaveSocketFile(const std::string& path) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = UnixAddress(path);
  ASSERT_EQ(bind(fd.get(),
                 reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)),
            0);
}

void ExpectEcho(UniqueFd fd) {
  ASSERT_TRUE(fd) << "cannot connect";
  Client client(std::move(fd));
  client.Send("ping");
  EXPECT_EQ(client.Read(4), "ping");
}

TEST(ListenTest, SocketPathIsServedAndRemovedAtTheEnd) {
  const ScratchFolder folder;
  const std::string path = folder.File("s");
  HostProcess host({"echo", "--workers=2", "--listen=unix:" + path});
  ASSERT_TRUE(host.AwaitServing(2));
  ExpectEcho(ConnectToPath(path));
  host.EndCleanly();
  EXPECT_FALSE(fs::exists(path));
}

TEST(ListenTest, StaleSocketFileIsTakenOver) {
  const ScratchFolder folder;
  const std::string path = folder.File("s");
  LeaveSocketFile(path);
  ASSERT_TRUE(fs::exists(path));
  HostProcess host({"echo", "--workers=1", "--listen=unix:" + path});
  ASSERT_TRUE(host.AwaitServing(1));
  ExpectEcho(ConnectToPath(path));
  host.EndCleanly();
}

TEST(ListenTest, SocketPathInUseIsNotTaken) {
  const ScratchFolder folder;
  const std::string path = folder.File("s");
  HostProcess first({"echo", "--workers=1", "--listen=unix:" + path});
  ASSERT_TRUE(first.AwaitServing(1));
  HostProcess second({"echo", "--workers=1", "--listen=unix:" + path});
  EXPECT_EQ(second.AwaitExit(), kExitBind);
  EXPECT_TRUE(absl::StrContains(second.ErrorOutput(), path));
  ExpectEcho(ConnectToPath(path));
  first.EndCleanly();
}

TEST(ListenTest, SocketThatWasInheritedIsServed) {
  UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(listen(listener.get(), 16), 0);  // binds to a free port
  HostProcess host({"echo", "--workers=2", "--listen=fd:3"},
                   {{listener.get(), 3}});
  listener.Reset();
  ASSERT_TRUE(host.AwaitServing(2));
  ExpectEcho(ConnectTo(host.port()));
  host.EndCleanly();
}

TEST(ListenTest, DescriptorThatIsNoListenerIsRefused) {
  HostProcess host({"echo", "--listen=fd:77"});
  EXPECT_EQ(host.AwaitExit(), kExitBind);
  EXPECT_TRUE(absl::StrContains(host.ErrorOutput(), "fd:77"));
}

TEST(ListenTest, SeveralAddressesAreServedAtOnce) {
  const ScratchFolder folder;
  const std::string path = folder.File("s");
  for (const char* data_path : {"handoff", "share"}) {
    HostProcess host({"echo",
                      "--workers=2",
                      absl::StrCat("--data_path=", data_path),
                      "--listen=127.0.0.1:0,unix:" + path,
                      "--listen=127.0.0.1:0"});
    ASSERT_TRUE(host.AwaitServing(2));
    EXPECT_NE(host.port(0), host.port(1));
    for (int i = 0; i < 4; ++i) {
      ExpectEcho(ConnectTo(host.port(0)));
      ExpectEcho(ConnectToPath(path));
      ExpectEcho(ConnectTo(host.port(1)));
    }
    const Books books = host.EndCleanly();
    EXPECT_EQ(books.completed, 12u);
  }
}

TEST(ListenTest, AnyNumberOfWorkersServes) {
  for (uint32_t workers = 1; workers <= 8; ++workers) {
    HostProcess host(
        {TestPlugin("puppet"), absl::StrCat("--workers=", workers)});
    ASSERT_TRUE(host.AwaitServing(workers));
    const ClientSet clients =
        RunLoad({.port = host.port(), .request = "who\n"}, 10 * workers, 4);
    EXPECT_EQ(clients.count(End::kAnswered), 10 * workers);
    EXPECT_EQ(clients.answers().size(), workers);
    host.EndCleanly();
  }
}

}  // namespace
}  // namespace cluster
