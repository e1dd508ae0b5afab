#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

class EchoTest : public testing::Test {
 protected:
  ~EchoTest() override {
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(host_.misreported(), 0u);
    EXPECT_EQ(host_.watches(), 0u);
  }

  void Run(std::function<void()> client) {
    EXPECT_EQ(host_.Run(LoadForTest(ECHO_PLUGIN).table, client), CLUSTER_OK);
  }

  FakeHost host_;
};

// More than the kernel holds for a pair of sockets.
std::string MuchText() {
  std::string text;
  for (int i = 0; text.size() < (8u << 20); ++i) text += std::to_string(i);
  return text;
}

TEST_F(EchoTest, SendsBackWhatItReceives) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("one");
    EXPECT_EQ(client.Read(3), "one");
    client.Send("two");
    EXPECT_EQ(client.Read(3), "two");
  });
}

TEST_F(EchoTest, StopsReadingFromPeerThatDoesNotRead) {
  Run([&] {
    Client client(host_.Connect());
    const std::string text = MuchText();
    size_t sent = 0;
    ssize_t n = 0;
    // Blocked for good: what is sent is neither held in memory nor dropped.
    for (int idle = 0; idle < 100;) {
      n = send(client.fd(), &text[sent], text.size() - sent, MSG_DONTWAIT);
      if (n > 0) sent += n;
      idle = n > 0 ? 0 : idle + 1;
      host_.OnLoop([] {});
    }
    EXPECT_LT(sent, text.size());
    EXPECT_TRUE(client.Read(sent) == text.substr(0, sent));
  });
}

TEST_F(EchoTest, EchoesAllBeforeItAnswersTheEnd) {
  Run([&] {
    Client client(host_.Connect());
    const std::string text = MuchText();
    std::thread writer([&] {
      client.Send(text);
      client.SendEnd();
    });
    const std::string echoed = client.Read(text.size() + 1);
    EXPECT_TRUE(echoed == text) << echoed.size();
    writer.join();
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

TEST_F(EchoTest, EndsConnectionWhosePeerIsGone) {
  Run([&] {
    {
      Client client(host_.Connect());
    }
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

TEST_F(EchoTest, DrainClosesIdleConnections) {
  Run([&] {
    Client client(host_.Connect());
    host_.Drain();
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(client.ReadToEnd(), "");
  });
}

TEST_F(EchoTest, DrainStillEchoesWhatHasArrived) {
  Run([&] {
    Client client(host_.Connect());
    host_.OnLoop([&] { client.Send("last"); });
    host_.Drain();
    EXPECT_EQ(client.ReadToEnd(), "last");
  });
}

TEST_F(EchoTest, DrainServesConnectionThatWasOnItsWay) {
  Run([&] {
    host_.Drain();
    Client client(host_.Connect());
    client.Send("late");
    EXPECT_EQ(client.ReadToEnd(), "late");
  });
}

TEST_F(EchoTest, StopClosesWhatIsOpen) {
  UniqueFd fd;
  Run([&] { fd = host_.Connect(); });
  EXPECT_EQ(Client(std::move(fd)).ReadToEnd(), "");
}

}  // namespace
}  // namespace cluster
