#include "plugins/sdk/listeners.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/unique_fd.h"
#include "plugins/sdk/acceptor.h"
#include "plugins/sdk/datagram.h"
#include "plugins/sdk/worker.h"
#include "plugins/testing/fake_host.h"

namespace cluster {
namespace {

// Answers datagrams with what they say, twice, and asks for listeners.
class Speaker : public sdk::Worker {
 public:
  using Worker::Worker;

  sdk::Status OnStart() override {
    auto socket = sdk::DatagramSocket::Of(host(), 0);
    if (!socket.ok()) return socket.status();
    socket_.emplace(*socket);
    auto watch = host().StartWatch(
        socket->fd(), CLUSTER_READABLE, [this](uint32_t) { Read(); });
    if (!watch.ok()) return watch.status();
    watch_ = *std::move(watch);
    newest = this;
    return {};
  }
  void OnConnection(sdk::Connection) override {}
  void OnStop() override { watch_.Stop(); }

  sdk::Listeners listeners() const { return sdk::Listeners(host()); }
  sdk::Acceptor acceptor() const { return sdk::Acceptor(host()); }
  sdk::Status SocketOf(uint32_t listener) const {
    return sdk::DatagramSocket::Of(host(), listener).status();
  }

  static inline Speaker* newest = nullptr;

 private:
  void Read() {
    while (batch_.Receive(*socket_) > 0) {
      for (size_t i = 0; i < batch_.size(); ++i) {
        const std::string text(batch_.datagram(i));
        batch_.answer(i) = text + text;
      }
      ASSERT_TRUE(batch_.Send(*socket_));
    }
  }

  std::optional<sdk::DatagramSocket> socket_;
  sdk::DatagramBatch batch_{8};
  sdk::Watch watch_;
};

UniqueFd DatagramsTo(uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd.get(),
                    reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)),
            0);
  const timeval limit = {.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  return fd;
}

class SdkListenersTest : public testing::Test {
 protected:
  FakeHost host_;
  const uint16_t port_ = host_.listeners().AddDatagram();
};

TEST_F(SdkListenersTest, EachDatagramIsAnsweredAndLongOnesAreNot) {
  ASSERT_EQ(host_.Run(sdk::kTable<Speaker>,
                      [&] {
                        const UniqueFd fd = DatagramsTo(port_);
                        send(fd.get(), "too long for it", 15, 0);
                        for (int i = 0; i < 100; ++i) {
                          const std::string text = std::to_string(i);
                          send(fd.get(), text.data(), text.size(), 0);
                        }
                        char answer[16];
                        for (int i = 0; i < 100; ++i) {
                          const ssize_t size =
                              recv(fd.get(), answer, sizeof(answer), 0);
                          ASSERT_GT(size, 0);
                          const std::string text = std::to_string(i);
                          EXPECT_EQ(std::string(answer, size), text + text);
                        }
                      }),
            CLUSTER_OK);
}

// One that asks again when it is answered waits when the worker stops.
TEST_F(SdkListenersTest, AnswerThatNeverComesEndsWithWhatItHas) {
  const auto capture = std::make_shared<int>(1);
  const std::function<void()> ask = [&ask, &capture] {
    const auto done = [&ask, capture](auto) { ask(); };
    EXPECT_TRUE(
        Speaker::newest->listeners().Listen("127.0.0.1:0", {}, done).ok());
  };
  host_.Run(sdk::kTable<Speaker>, [&] { host_.OnLoop(ask); });
  EXPECT_EQ(capture.use_count(), 1);
}

TEST_F(SdkListenersTest, ListensClosesAndSaysWhatThereIs) {
  host_.Run(sdk::kTable<Speaker>, [&] {
    std::atomic<int> answers = 0;
    host_.OnLoop([&] {
      const Speaker& speaker = *Speaker::newest;
      EXPECT_TRUE(speaker.listeners().Info(0).ok());
      EXPECT_EQ(speaker.listeners().Info(9).status().code(), CLUSTER_E_INVALID);
      const auto done = [&](sdk::Result<uint32_t> listener) {
        ++answers;
        ASSERT_TRUE(listener.ok());
        EXPECT_EQ(*listener, 1u);
        EXPECT_EQ(speaker.SocketOf(1).code(), CLUSTER_E_INVALID);
        EXPECT_TRUE(speaker.listeners().Close(1).ok());
        EXPECT_EQ(speaker.listeners().Close(1).code(), CLUSTER_E_STATE);
      };
      EXPECT_TRUE(speaker.listeners().Listen("127.0.0.1:0", {}, done).ok());
      const auto refused = [&](sdk::Result<uint32_t> listener) {
        ++answers;
        EXPECT_EQ(listener.status().code(), CLUSTER_E_SYSTEM);
        EXPECT_NE(listener.status().message(), "");
      };
      const std::string taken = "udp:127.0.0.1:" + std::to_string(port_);
      EXPECT_TRUE(speaker.listeners().Listen(taken, {}, refused).ok());
    });
    host_.OnLoop([] {});
    EXPECT_EQ(answers, 2);
  });
  EXPECT_TRUE(host_.listeners().closed(1));
}

TEST_F(SdkListenersTest, HostWithoutTheServicesIsNoCrash) {
  host_.hidden_services = {CLUSTER_SERVICE_LISTENER_V1,
                           CLUSTER_SERVICE_ACCEPTOR_V1};
  host_.Run(sdk::kTable<Speaker>, [&] {
    host_.OnLoop([&] {
      const Speaker& speaker = *Speaker::newest;
      EXPECT_EQ(speaker.listeners().count(), 0u);
      EXPECT_EQ(speaker.listeners().Close(0).code(), CLUSTER_E_UNSUPPORTED);
      EXPECT_EQ(speaker.acceptor().Pause(0).code(), CLUSTER_E_UNSUPPORTED);
      EXPECT_FALSE(speaker.acceptor().TakeOver(0).ok());
    });
  });
}

}  // namespace
}  // namespace cluster
