#include "plugins/sdk/asio.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace cluster::sdk {
namespace {

namespace asio = boost::asio;

// Sends back what it receives; "throw" throws, "stop" stops the io_context. All
// of it happens on the thread that made it.
template <typename Protocol>
class AsioEcho : public AsioWorker {
 public:
  using AsioWorker::AsioWorker;
  using Stream = AsioConnection<Protocol>;

  void OnConnection(Connection connection) override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    auto stream = Stream::Open(io_context(), std::move(connection));
    ASSERT_TRUE(stream.ok()) << stream.status().message();
    Read(std::make_shared<Peer>(*std::move(stream)));
  }

 private:
  struct Peer {
    explicit Peer(Stream stream) : stream(std::move(stream)) {}
    Stream stream;
    std::array<char, 64> bytes = {};
  };

  void Read(std::shared_ptr<Peer> peer) {
    Peer& at = *peer;
    at.stream.socket().async_read_some(
        asio::buffer(at.bytes),
        [this, peer = std::move(peer)](auto error, size_t size) mutable {
          EXPECT_EQ(std::this_thread::get_id(), thread_);
          if (error) return;
          const std::string text(peer->bytes.data(), size);
          if (text == "throw") throw std::runtime_error("odd");
          if (text == "stop") io_context().stop();
          asio::write(peer->stream.socket(), asio::buffer(text), error);
          Read(std::move(peer));
        });
  }

  const std::thread::id thread_ = std::this_thread::get_id();
};

using GenericEcho = AsioEcho<asio::generic::stream_protocol>;

TEST(AsioTest, ServesOnTheHostsThread) {
  FakeHost host;
  // As the host made it, which is here: no thread is started for it.
  const std::thread::id here = std::this_thread::get_id();
  const cluster_status status = host.Run(kTable<GenericEcho>, [&] {
    EXPECT_NE(std::this_thread::get_id(), here);
    host.OnLoop([&] { EXPECT_EQ(std::this_thread::get_id(), here); });
    Client one(host.Connect());
    Client two(host.Connect());
    for (int i = 0; i < 100; ++i) {
      one.Send("one");
      two.Send("two");
      EXPECT_EQ(one.Read(3), "one");
      EXPECT_EQ(two.Read(3), "two");
    }
  });
  EXPECT_EQ(status, CLUSTER_OK);
  EXPECT_EQ(host.open(), 0u);
  EXPECT_EQ(host.misreported(), 0u);
}

// Handlers that keep the io_context busy must not hide the host's descriptor,
// nor one event of it another.
TEST(AsioTest, MissesNoWorkOfTheHost) {
  FakeHost host;
  host.Run(kTable<GenericEcho>, [&] {
    for (int i = 0; i < 2000; ++i) {
      int runs = 0;
      host.OnLoop([&] { ++runs; });
      EXPECT_EQ(runs, 1);
    }
  });
}

TEST(AsioTest, ThrowingHandlerLosesItsConnectionAlone) {
  FakeHost host;
  const cluster_status status = host.Run(kTable<GenericEcho>, [&] {
    Client good(host.Connect());
    Client bad(host.Connect());
    bad.Send("throw");
    EXPECT_EQ(bad.ReadToEnd(), "");
    good.Send("one");
    EXPECT_EQ(good.Read(3), "one");
  });
  EXPECT_EQ(status, CLUSTER_OK);
  EXPECT_EQ(host.log(), "3 a handler threw: odd\n");
}

TEST(AsioTest, StoppedIoContextIsAFailure) {
  FakeHost host;
  const cluster_status status = host.Run(kTable<GenericEcho>, [&] {
    Client client(host.Connect());
    client.Send("stop");
    EXPECT_EQ(client.Read(4), "stop");
  });
  EXPECT_EQ(status, CLUSTER_E_FAILED);
  EXPECT_EQ(host.log(), "3 the io_context was stopped\n");
}

// Whether an epoll set of this process watches what descriptor `number` is, or
// was: one that was closed and of which a copy is open stays in the set.
bool IsInAnEpollSet(int number) {
  for (const auto& each :
       std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream facts(each.path());
    for (std::string line; std::getline(facts, line);) {
      if (!line.starts_with("tfd:")) continue;
      if (std::stoi(line.substr(4)) == number) return true;
    }
  }
  return false;
}

// The copy stands for the one that the primary may hold.
TEST(AsioTest, PeerSeesTheEndThoughCopyIsOpen) {
  FakeHost host;
  host.Run(kTable<GenericEcho>, [&] {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const int number = ends[1];
    const UniqueFd copy(dup(number));
    host.Give(UniqueFd(number));
    Client client((UniqueFd(ends[0])));
    client.Send("one");
    EXPECT_EQ(client.Read(3), "one");
    EXPECT_TRUE(IsInAnEpollSet(number));
    client.Send("throw");
    EXPECT_EQ(client.ReadToEnd(), "");
    ASSERT_TRUE(host.WaitForOpen(0));
    EXPECT_FALSE(IsInAnEpollSet(number)) << "its events would keep coming";
  });
}

TEST(AsioTest, TakesTcpAsTcp) {
  FakeHost host;
  host.Run(kTable<AsioEcho<asio::ip::tcp>>, [&] {
    const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    ASSERT_EQ(bind(listener.get(), any, size), 0);
    ASSERT_EQ(listen(listener.get(), 1), 0);
    ASSERT_EQ(getsockname(listener.get(), any, &size), 0);
    UniqueFd end(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(end.get(), any, size), 0);
    host.Give(UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)),
              CLUSTER_FAMILY_IPV4);
    Client client(std::move(end));
    client.Send("one");
    EXPECT_EQ(client.Read(3), "one");
  });
  EXPECT_EQ(host.open(), 0u);
}

}  // namespace
}  // namespace cluster::sdk
