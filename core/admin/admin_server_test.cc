#include "core/admin/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/admin/admin_client.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "ipc/address.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;

class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() : path_(MakeFolder() + "/admin.sock") { Make(); }
  ~AdminServerTest() override {
    server_.reset();
    std::filesystem::remove_all(std::filesystem::path(path_).parent_path());
  }

  void Make(std::chrono::milliseconds patience = AdminServer::kPatience) {
    server_.reset();
    server_ = *AdminServer::Create(
        io_,
        path_,
        [this](const AdminRequest& asked) {
          requests_.push_back(asked);
          return reply_;
        },
        patience);
  }

  // Runs the server until `client`, on a thread of its own, has ended.
  void Serve(const std::function<void()>& client) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      client();
      done = true;
    });
    while (!done) io_.run_for(std::chrono::milliseconds(1));
    thread.join();
    io_.poll();
  }

  UniqueFd Connect() {
    const ListenAddress address = *ParseListenAddress("unix:" + path_);
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(),
                      reinterpret_cast<const sockaddr*>(&address.storage),
                      address.length),
              0);
    return fd;
  }

  std::vector<UniqueFd> ConnectSilently(size_t peers) {
    std::vector<UniqueFd> connected;
    for (size_t i = 0; i < peers; ++i) connected.push_back(Connect());
    return connected;
  }

  static std::string MakeFolder() {
    // Short: a socket's path has 108 bytes.
    std::string folder = "/tmp/admin-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    return folder;
  }

  boost::asio::io_context io_{1};
  const std::string path_;
  AdminReply reply_;
  std::vector<AdminRequest> requests_;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, WithoutDescriptorsItWaitsAndDoesNotSpin) {
  const UniqueFd waiting = Connect();
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  size_t calls = 0;
  for (int i = 0; i < 1'000; ++i) calls += io_.poll_one();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_LT(calls, 500u);
  absl::StatusOr<AdminReply> reply;
  Serve([&] { reply = AskHost(path_, {}); });
  EXPECT_TRUE(reply.ok()) << reply.status();
}

TEST_F(AdminServerTest, AnswersARequest) {
  reply_.error = "no worker 7";
  reply_.status.workers.push_back({.id = 3, .pid = 42, .state = "listening"});
  absl::StatusOr<AdminReply> reply;
  Serve([&] {
    reply = AskHost(path_,
                    {.action = AdminAction::kSetWeight,
                     .worker = 7,
                     .number = 5,
                     .text = "x"});
  });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->error, "no worker 7");
  ASSERT_EQ(reply->status.workers.size(), 1u);
  EXPECT_EQ(reply->status.workers[0].pid, 42);
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].action, AdminAction::kSetWeight);
  EXPECT_EQ(requests_[0].worker, 7u);
  EXPECT_EQ(requests_[0].number, 5u);
}

TEST_F(AdminServerTest, FileIsItsOwnersAndGoesWithIt) {
  struct stat file;
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  server_.reset();
  EXPECT_NE(stat(path_.c_str(), &file), 0);
}

TEST_F(AdminServerTest, LargeReplyArrivesWhole) {
  for (uint32_t i = 0; i < 20'000; ++i) {
    reply_.status.workers.push_back({.id = i, .state = "listening"});
  }
  absl::StatusOr<AdminReply> reply;
  Serve([&] { reply = AskHost(path_, {}); });
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status.workers.size(), 20'000u);
}

TEST_F(AdminServerTest, NonsenseEndsThatConversationAlone) {
  Serve([&] {
    const UniqueFd peer = Connect();
    const std::string nonsense(10'000, 'x');
    // The server may close before it has all.
    (void)send(peer.get(), nonsense.data(), nonsense.size(), MSG_NOSIGNAL);
    char byte;
    EXPECT_LE(recv(peer.get(), &byte, 1, 0), 0);
    EXPECT_TRUE(AskHost(path_, {}).ok());
  });
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(AdminServerTest, OneTooManyIsToldSoAndRoomComesBack) {
  const size_t before = OpenFds();
  Serve([&] {
    std::vector<UniqueFd> peers = ConnectSilently(AdminServer::kMaxPeers);
    for (int i = 0; i < 20; ++i) {
      const absl::StatusOr<AdminReply> refused = AskHost(path_, {});
      ASSERT_TRUE(refused.ok()) << refused.status();
      EXPECT_EQ(refused->error, "busy: 8 clients are connected; try again");
    }
    peers.clear();
    absl::StatusOr<AdminReply> reply;
    do {
      reply = AskHost(path_, {});
    } while (reply.ok() && !reply->error.empty());
    EXPECT_TRUE(reply.ok()) << reply.status();
  });
  while (OpenFds() > before) io_.run_for(std::chrono::milliseconds(1));
}

TEST_F(AdminServerTest, SilentPeersGiveTheirPlaceUp) {
  Make(std::chrono::milliseconds(20));
  Serve([&] {
    for (const UniqueFd& peer : ConnectSilently(2 * AdminServer::kMaxPeers)) {
      char bytes[512];
      // What it may be told first is that it is one too many.
      while (recv(peer.get(), bytes, sizeof(bytes), 0) > 0) {
      }
    }
    absl::StatusOr<AdminReply> reply;
    do {
      reply = AskHost(path_, {});
    } while (reply.ok() && !reply->error.empty());
    EXPECT_TRUE(reply.ok()) << reply.status();
  });
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(AdminServerTest, SecondServerAtThePathIsRefused) {
  const auto second = AdminServer::Create(
      io_, path_, [](const AdminRequest&) { return AdminReply(); });
  EXPECT_EQ(ErrnoOf(second.status()), EADDRINUSE);
}

TEST(AskHostTest, NobodyThereIsOneClearLine) {
  const absl::Status status = AskHost("/nonexistent/admin.sock", {}).status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/nonexistent/admin.sock"));
}

TEST(AskHostTest, HostThatDoesNotAnswerIsNotWaitedForForever) {
  // Short: a socket's path has 108 bytes.
  std::string folder = "/tmp/admin-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  boost::asio::io_context io(1);
  {
    const auto server = *AdminServer::Create(
        io, folder + "/s", [](const AdminRequest&) { return AdminReply(); });
    // Its loop does not run.
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        AskHost(folder + "/s", {}, absl::Milliseconds(50)).status()));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cluster
