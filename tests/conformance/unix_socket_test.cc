// Rows B162 to B168, and B072: Unix sockets.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "core/base/unique_fd.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"
#include "tests/conformance/listening_fixture.h"

namespace cluster {
namespace {

class UnixSocketTest : public ListeningTest {
 protected:
  UnixSocketTest() {
    // Not below TEST_TMPDIR: its name may be longer than a sun_path.
    char name[] = "/tmp/unix_socket_test.XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~UnixSocketTest() override { std::filesystem::remove_all(directory_); }

  // A connection to `path`, whose last part is short; '@' begins an abstract
  // name. Not open: nobody listens there.
  static UniqueFd ConnectedTo(const std::string& path) {
    sockaddr_un at = {};
    at.sun_family = AF_UNIX;
    const size_t slash = path.rfind('/');
    const UniqueFd directory(
        open(path.substr(0, slash + 1).c_str(), O_PATH | O_CLOEXEC));
    const bool abstract = path.front() == '@';
    const std::string name = abstract ? path
                                      : "/proc/self/fd/" +
                                            std::to_string(directory.get()) +
                                            path.substr(slash);
    std::memcpy(at.sun_path, name.data(), name.size());
    if (abstract) at.sun_path[0] = '\0';
    const size_t size =
        offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1);
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const bool connected = connect(fd.get(),
                                   reinterpret_cast<sockaddr*>(&at),
                                   static_cast<socklen_t>(size)) == 0;
    return connected ? std::move(fd) : UniqueFd();
  }

  // The id of the worker that greets there; 0: nobody does.
  uint32_t ServedAt(const std::string& path) {
    const UniqueFd fd = ConnectedTo(path);
    return fd ? Greeting(fd.get()) : 0;
  }

  // See AwaitBothServe().
  void AwaitBothServeAt(const std::string& path) {
    std::set<uint32_t> served;
    while (served.size() < 2 && !HasFailure()) {
      served.insert(ServedAt(path));
      EXPECT_EQ(served.count(0), 0u) << "refused";
    }
  }

  std::string ListenAt(const std::shared_ptr<Worker>& worker,
                       const std::string& path,
                       const std::string& more = "") {
    return Ask(worker, "listen a path=" + path + " " + more, "a ");
  }
  // The permissions of the file that a worker makes where the umask leaves
  // others none.
  unsigned ModeOf(const std::string& more) {
    const std::string path = directory_ + "/mode" + more;
    const auto worker = Start();
    const mode_t before = umask(077);
    ListenAt(worker, path, more);
    umask(before);
    return static_cast<unsigned>(std::filesystem::status(path).permissions());
  }
  void ExpectModesAsSaid() {
    EXPECT_EQ(ModeOf(""), 0700u);
    EXPECT_EQ(ModeOf("readable_all"), 0744u);
    EXPECT_EQ(ModeOf("writable_all"), 0722u);
  }

  std::string directory_;
};

TEST_F(UnixSocketTest, B072_EventTellsTheAbsolutePath) {
  const auto worker = Start();
  Tell(worker, "chdir " + directory_);
  ListenAt(worker, "socket");
  RunUntil([&] { return !listening_.empty(); });
  EXPECT_EQ(listening_[0], "1 " + directory_ + "/socket -1 unix");
}

TEST_F(UnixSocketTest, B162_RelativePathIsTheWorkers) {
  const auto worker = Start();
  Tell(worker, "chdir " + directory_);
  EXPECT_EQ(WordOf(ListenAt(worker, "socket"), 2), directory_ + "/socket");
  EXPECT_EQ(ServedAt(directory_ + "/socket"), worker->id());
}

TEST_F(UnixSocketTest, B162_LongPathWorks) {
  const std::string deep = directory_ + "/" + std::string(150, 'd');
  std::filesystem::create_directory(deep);
  const std::string path = deep + "/socket";
  const auto workers = Start(2);
  for (const auto& worker : workers) {
    EXPECT_EQ(WordOf(ListenAt(worker, path), 2), path);
  }
  AwaitBothServeAt(path);
  for (const auto& worker : workers) Ask(worker, "close a", "a closed");
  RunUntil([&] { return !std::filesystem::exists(path); });
}

TEST_F(UnixSocketTest, B110_AcceptedBeforeAWorkerHasItsAnswer) {
  const std::string path = directory_ + "/socket";
  const auto worker = Start({.args = {{"obey", path}}});
  Await(worker, "asked");
  RunUntil([&] { return std::filesystem::exists(path); });
  const UniqueFd client = ConnectedTo(path);
  // Served, and not before the worker lives.
  Tell(worker, "go");
  EXPECT_EQ(Greeting(client.get()), worker->id());
}

TEST_F(UnixSocketTest, B163_TheyFollowThePolicyByTurns) {
  cluster_.set_scheduling_policy(kSchedRr);
  const auto workers = Start(2);
  const std::string path = directory_ + "/turns";
  for (const auto& worker : workers) ListenAt(worker, path);
  EXPECT_EQ(Ask(workers[0], "sockets", "sockets"), "sockets 0");
  AwaitBothServeAt(path);
}

TEST_F(UnixSocketTest, B163_TheyFollowThePolicyAndShareTheSocket) {
  cluster_.set_scheduling_policy(kSchedNone);
  const auto workers = Start(2);
  const std::string path = directory_ + "/shared";
  for (const auto& worker : workers) ListenAt(worker, path);
  for (const auto& worker : workers) {
    EXPECT_EQ(Ask(worker, "sockets", "sockets"), "sockets 1");
  }
  // Who blocks leaves it to the other.
  for (const size_t blocked : {0, 1}) {
    Ask(workers[blocked], "block", "blocked");
    EXPECT_EQ(ServedAt(path), workers[1 - blocked]->id());
    Tell(workers[blocked], "go");
  }
}

TEST_F(UnixSocketTest, B164_FileGoesWithTheLastWorker) {
  const auto workers = Start(2);
  const std::string path = directory_ + "/socket";
  for (const auto& worker : workers) ListenAt(worker, path);
  workers[0]->kill(SIGKILL);
  RunUntilDead(workers[0]);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(ServedAt(path), workers[1]->id());
  workers[1]->kill(SIGKILL);
  RunUntilDead(workers[1]);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixSocketTest, B165_FileOfADeadProcessIsTakenOver) {
  const std::string path = directory_ + "/socket";
  sockaddr_un at = {};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
  close(fd);
  const auto worker = Start();
  EXPECT_EQ(WordOf(ListenAt(worker, path), 1), "listening");
  EXPECT_EQ(ServedAt(path), worker->id());
}

TEST_F(UnixSocketTest, B166_WhoMayConnectByTurns) {
  cluster_.set_scheduling_policy(kSchedRr);
  ExpectModesAsSaid();
}

TEST_F(UnixSocketTest, B166_WhoMayConnectOnASharedSocket) {
  cluster_.set_scheduling_policy(kSchedNone);
  ExpectModesAsSaid();
}

TEST_F(UnixSocketTest, B167_NameThatIsTooLongIsAnError) {
  const std::string path = directory_ + "/" + std::string(150, 's');
  EXPECT_EQ(ListenAt(Start(), path),
            "a error ENAMETOOLONG bind " + path + " -1");
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(UnixSocketTest, B168_AbstractNamesHaveASpelling) {
  const std::string name = "@unix_socket_test." + std::to_string(getpid());
  const auto worker = Start();
  EXPECT_EQ(WordOf(ListenAt(worker, name), 2), name);
  EXPECT_EQ(ServedAt(name), worker->id());
}

}  // namespace
}  // namespace cluster
