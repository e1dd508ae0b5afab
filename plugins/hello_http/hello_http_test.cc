#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <functional>
#include <string>

#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr char kHello[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "X-Worker: 7\r\n"
    "Content-Length: 20\r\n"
    "\r\n"
    "hello from worker 7\n";
constexpr char kLastHello[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "X-Worker: 7\r\n"
    "Connection: close\r\n"
    "Content-Length: 20\r\n"
    "\r\n"
    "hello from worker 7\n";
constexpr char kHelloMark[] = "worker 7\n";

class HelloHttpTest : public testing::Test {
 protected:
  ~HelloHttpTest() override {
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(host_.misreported(), 0u);
    EXPECT_EQ(host_.log(), "");
  }

  void Run(std::function<void()> client) {
    const LoadedPlugin plugin = LoadForTest("plugins/hello_http/hello_http.so");
    EXPECT_EQ(host_.Run(plugin.table, client), CLUSTER_OK);
  }

  // Sends `request` on a connection of its own; returns all that comes.
  std::string Ask(const std::string& request) {
    Client client(host_.Connect());
    client.Send(request);
    client.SendEnd();
    return client.ReadToEnd();
  }

  FakeHost host_;
};

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find("\r\n"));
}

TEST_F(HelloHttpTest, SaysWhichWorkerAnswers) {
  Run([&] { EXPECT_EQ(Ask(kGet), kHello); });
}

TEST_F(HelloHttpTest, MessageIsConfigurable) {
  host_.config["message"] = "guten Tag";
  Run([&] {
    EXPECT_TRUE(Ask(kGet).ends_with("Content-Length: 10\r\n\r\nguten Tag\n"));
  });
}

TEST_F(HelloHttpTest, KeepsConnection) {
  Run([&] {
    Client client(host_.Connect());
    for (int i = 0; i < 3; ++i) {
      client.Send(kGet);
      EXPECT_EQ(client.ReadUntil(kHelloMark), kHello);
    }
  });
}

TEST_F(HelloHttpTest, AnswersRequestThatComesByteByByte) {
  Run([&] {
    Client client(host_.Connect());
    for (const char c : std::string(kGet)) {
      client.Send(std::string(1, c));
      host_.OnLoop([] {});
    }
    EXPECT_EQ(client.ReadUntil(kHelloMark), kHello);
  });
}

TEST_F(HelloHttpTest, AnswersPipelinedRequestsInOrder) {
  std::string requests, answers;
  for (int i = 0; i < 2000; ++i) {
    requests += kGet;
    answers += kHello;
  }
  requests += "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  answers += kLastHello;
  Run([&] { EXPECT_TRUE(Ask(requests) == answers); });
}

TEST_F(HelloHttpTest, SendsPipelinedAnswersTogether) {
  Run([&] {
    Client client(host_.Connect());
    client.Send(std::string(kGet) + kGet + kGet);
    const std::string first = client.Read(1);
    host_.OnLoop([] {});
    char rest[4096];
    const ssize_t n = recv(client.fd(), rest, sizeof(rest), MSG_DONTWAIT);
    EXPECT_EQ(n, 3 * ssize_t(sizeof(kHello) - 1) - 1);
  });
}

TEST_F(HelloHttpTest, PeerThatDoesNotReadHoldsUpOnlyItself) {
  host_.config["message"] = std::string(100'000, 'x');
  Run([&] {
    Client greedy(host_.Connect());
    for (int i = 0; i < 100; ++i) greedy.Send(kGet);
    EXPECT_EQ(FirstLine(Ask(kGet)), "HTTP/1.1 200 OK");
    size_t bytes = 0;
    for (int i = 0; i < 100; ++i) bytes += greedy.Read(100'001).size();
    EXPECT_EQ(bytes, 100u * 100'001u);
  });
}

TEST_F(HelloHttpTest, HeadHasNoBody) {
  const std::string hello = kHello;
  Run([&] {
    EXPECT_EQ(Ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"),
              hello.substr(0, hello.find("hello")));
  });
}

TEST_F(HelloHttpTest, ClosesWhenAsked) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.ReadToEnd(), kLastHello);
  });
}

TEST_F(HelloHttpTest, Http10ClosesUnlessAskedToKeep) {
  Run([&] {
    EXPECT_EQ(Ask("GET / HTTP/1.0\r\n\r\n"), kLastHello);
    Client client(host_.Connect());
    client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(client.ReadUntil(kHelloMark).find("Connection: keep-alive"),
              std::string::npos);
    client.Send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.ReadToEnd(), kLastHello);
  });
}

TEST_F(HelloHttpTest, AnswersByPathAndMethod) {
  Run([&] {
    EXPECT_TRUE(Ask("GET /healthz HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nok\n"));
    EXPECT_EQ(Ask("GET /?a=b HTTP/1.0\r\n\r\n"), kLastHello);
    EXPECT_EQ(FirstLine(Ask("GET /x HTTP/1.0\r\n\r\n")),
              "HTTP/1.1 404 Not Found");
    EXPECT_EQ(FirstLine(Ask("PUT / HTTP/1.0\r\n\r\n")),
              "HTTP/1.1 405 Method Not Allowed");
  });
}

TEST_F(HelloHttpTest, DropsBodyAndGoesOn) {
  Run([&] {
    Client client(host_.Connect());
    client.Send(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n");
    client.Send(kGet);
    const std::string answers = client.ReadUntil(kHelloMark);
    EXPECT_EQ(answers.find("405"), answers.find(' ') + 1);
    EXPECT_NE(answers.find("405", answers.find("405") + 3), std::string::npos);
    EXPECT_TRUE(answers.ends_with(kHello));
  });
}

TEST_F(HelloHttpTest, RefusesWhatIsNoRequest) {
  Run([&] {
    for (const char* bad : {"\x16\x03\x01 hello\r\n\r\n",
                            "GET /\r\n\r\n",
                            "GET / HTTP/2.0\r\n\r\n",
                            "GET / HTTP/1.1\r\n\r\n",
                            "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                            "GET / HTTP/1.1\r\nHost : x\r\n\r\n"}) {
      const std::string answer = Ask(bad);
      EXPECT_EQ(FirstLine(answer), "HTTP/1.1 400 Bad Request") << bad;
      EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    }
  });
}

TEST_F(HelloHttpTest, RefusalReachesPeerThatIsStillSending) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("nonsense\r\n\r\n" + std::string(30'000, 'x'));
    EXPECT_EQ(FirstLine(client.ReadToEnd()), "HTTP/1.1 400 Bad Request");
  });
}

TEST_F(HelloHttpTest, RefusesTooMuch) {
  Run([&] {
    EXPECT_EQ(FirstLine(Ask("GET / HTTP/1.1\r\nHost: x\r\nA: " +
                            std::string(9000, 'a') + "\r\n\r\n")),
              "HTTP/1.1 431 Request Header Fields Too Large");
    EXPECT_EQ(FirstLine(Ask("POST / HTTP/1.1\r\nHost: x\r\n"
                            "Content-Length: 99999\r\n\r\n")),
              "HTTP/1.1 413 Payload Too Large");
    EXPECT_EQ(FirstLine(Ask("POST / HTTP/1.1\r\nHost: x\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n1;" +
                            std::string(99'999, 'e'))),
              "HTTP/1.1 400 Bad Request");
  });
}

TEST_F(HelloHttpTest, DrainClosesIdleAtOnce) {
  Run([&] {
    Client client(host_.Connect());
    client.Send(kGet);
    EXPECT_EQ(client.ReadUntil(kHelloMark), kHello);
    host_.Drain();
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(client.ReadToEnd(), "");
  });
}

TEST_F(HelloHttpTest, DrainLetsRunningRequestFinish) {
  Run([&] {
    Client client(host_.Connect());
    client.Send(kGet);
    client.ReadUntil(kHelloMark);
    client.Send("GET / HTTP/1.1\r\nHost");
    host_.OnLoop([] {});
    host_.Drain();
    EXPECT_EQ(host_.open(), 1u);
    client.Send(": x\r\n\r\n");
    EXPECT_EQ(client.ReadToEnd(), kLastHello);
  });
}

TEST_F(HelloHttpTest, DrainAnswersFirstRequestOfNewConnection) {
  Run([&] {
    Client before(host_.Connect());
    host_.Drain();
    Client after(host_.Connect());
    before.Send(kGet);
    after.Send(kGet);
    EXPECT_EQ(before.ReadToEnd(), kLastHello);
    EXPECT_EQ(after.ReadToEnd(), kLastHello);
  });
}

TEST_F(HelloHttpTest, StopClosesWhatIsOpen) {
  UniqueFd fd;
  Run([&] {
    fd = host_.Connect();
    Client(host_.Connect()).Send("GET / HT");
  });
  EXPECT_EQ(Client(std::move(fd)).ReadToEnd(), "");
}

TEST_F(HelloHttpTest, MakesNoThread) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         {});
  };
  Run([&] {
    const auto before = threads();
    Ask(kGet);
    EXPECT_EQ(threads(), before);
    EXPECT_LE(before, 3);  // the test's two; a sanitizer's
  });
}

}  // namespace
}  // namespace cluster
