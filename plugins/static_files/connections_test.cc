#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "core/base/unique_fd.h"
#include "plugins/static_files/static_files_fixture.h"
#include "plugins/testing/client.h"

namespace cluster {
namespace {

// ---- Connections

TEST_F(StaticFilesTest, KeepsConnection) {
  Run([&] {
    Client client(host_.Connect());
    for (const char* target : {"/a.txt", "/nothing", "/folder", "/a.txt"}) {
      client.Send(Get(target));
      EXPECT_NE(ReadAnswer(client).status, 0);
    }
    EXPECT_EQ(host_.open(), 1u);
  });
}

TEST_F(StaticFilesTest, ClosesWhenAsked) {
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/a.txt", "Connection: close\r\n"));
    const Answer answer = Parse(client.ReadToEnd());
    EXPECT_EQ(answer.body, "0123456789");
    EXPECT_EQ(answer["Connection"], "close");
  });
}

TEST_F(StaticFilesTest, Http10ClosesUnlessAskedNotTo) {
  Run([&] {
    Client client(host_.Connect());
    client.Send("GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(ReadAnswer(client)["Connection"], "keep-alive");
    client.Send("GET /a.txt HTTP/1.0\r\n\r\n");
    EXPECT_EQ(Parse(client.ReadToEnd())["Connection"], "close");
  });
}

TEST_F(StaticFilesTest, AnswersPipelinedRequestsInOrder) {
  constexpr int kCount = 500;
  for (int i = 0; i < 10; ++i) {
    Write(std::to_string(i), "file " + std::to_string(i));
  }
  std::string requests;
  for (int i = 0; i < kCount; ++i)
    requests += Get("/" + std::to_string(i % 10));
  Run([&] {
    Client client(host_.Connect());
    client.Send(requests);
    client.SendEnd();
    for (int i = 0; i < kCount; ++i) {
      ASSERT_EQ(ReadAnswer(client).body, "file " + std::to_string(i % 10));
    }
    EXPECT_EQ(client.ReadToEnd(), "");
  });
}

TEST_F(StaticFilesTest, SendsBigFile) {
  const std::string text = WriteMuch("big");
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/big") + Get("/big", "Range: bytes=5000000-\r\n"));
    EXPECT_TRUE(ReadAnswer(client).body == text);
    EXPECT_TRUE(ReadAnswer(client).body == text.substr(5'000'000));
  });
}

TEST_F(StaticFilesTest, PeerThatDoesNotReadHoldsUpOnlyItself) {
  const std::string text = WriteMuch("big");
  Run([&] {
    Client greedy(host_.Connect());
    for (int i = 0; i < 4; ++i) greedy.Send(Get("/big"));
    EXPECT_EQ(Ask(Get("/a.txt")).body, "0123456789");
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(ReadAnswer(greedy).body == text);
    }
  });
}

TEST_F(StaticFilesTest, FileThatIsReplacedIsSentAsItWas) {
  const std::string text = WriteMuch("big");
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/big"));
    EXPECT_EQ(Parse(client.ReadUntil(kEmptyLine)).status, 200);
    Write("new", "another");
    fs::rename(root_ / "new", root_ / "big");
    EXPECT_TRUE(client.Read(text.size()) == text);
    client.Send(Get("/big"));
    EXPECT_EQ(ReadAnswer(client).body, "another");
  });
}

TEST_F(StaticFilesTest, FileThatShrinksEndsTheConnection) {
  const std::string text = WriteMuch("big");
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/big"));
    EXPECT_EQ(Parse(client.ReadUntil(kEmptyLine)).status, 200);
    fs::resize_file(root_ / "big", 1000);
    EXPECT_LT(client.ReadToEnd().size(), text.size());
    EXPECT_TRUE(host_.WaitForOpen(0));
    EXPECT_EQ(Ask(Get("/a.txt")).status, 200);
  });
}

TEST_F(StaticFilesTest, PeerThatIsGoneEndsTheConnection) {
  WriteMuch("big");
  Run([&] {
    {
      Client idle(host_.Connect());
      Client asked(host_.Connect());
      asked.Send(Get("/big"));
      Client started(host_.Connect());
      started.Send("GET /b");
    }
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

TEST_F(StaticFilesTest, SlowRequestIsRefused) {
  host_.config["header_timeout"] = "1";
  Run([&] {
    Client silent(host_.Connect());
    Client slow(host_.Connect());
    slow.Send("GET /a.txt HTTP/1.1\r\n");
    Client next(host_.Connect());
    next.Send(Get("/a.txt") + "GET /");
    EXPECT_EQ(ReadAnswer(next).status, 200);
    EXPECT_EQ(ReadAnswer(next).status, 408);
    EXPECT_EQ(Parse(slow.ReadToEnd()).status, 408);
    EXPECT_EQ(silent.ReadToEnd(), "");
  });
}

TEST_F(StaticFilesTest, IdleConnectionIsClosed) {
  host_.config["keepalive_timeout"] = "1";
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/a.txt"));
    EXPECT_EQ(ReadAnswer(client).status, 200);
    EXPECT_EQ(client.ReadToEnd(), "");
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

TEST_F(StaticFilesTest, PeerThatNeverReadsIsClosed) {
  host_.config["send_timeout"] = "1";
  WriteMuch("big");
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/big"));
    EXPECT_TRUE(host_.WaitForOpen(0));
  });
}

// ---- The worker's life

TEST_F(StaticFilesTest, DrainClosesIdleAtOnce) {
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/a.txt"));
    ReadAnswer(client);
    host_.Drain();
    EXPECT_EQ(host_.open(), 0u);
    EXPECT_EQ(client.ReadToEnd(), "");
  });
}

TEST_F(StaticFilesTest, DrainLetsDownloadFinish) {
  const std::string text = WriteMuch("big");
  Run([&] {
    Client client(host_.Connect());
    client.Send(Get("/big"));
    EXPECT_EQ(Parse(client.ReadUntil(kEmptyLine)).status, 200);
    host_.Drain();
    EXPECT_EQ(host_.open(), 1u);
    EXPECT_TRUE(client.Read(text.size()) == text);
    EXPECT_EQ(client.ReadToEnd(), "");
  });
}

TEST_F(StaticFilesTest, DrainAnswersWhatHasArrivedAndWhatIsNew) {
  Run([&] {
    Client begun(host_.Connect());
    begun.Send("GET /a.txt HTTP/1.1\r\nHost");
    host_.OnLoop([] {});
    Client before(host_.Connect());
    host_.Drain();
    Client after(host_.Connect());
    EXPECT_EQ(host_.open(), 3u);
    begun.Send(": x\r\n\r\n");
    before.Send(Get("/a.txt"));
    after.Send(Get("/a.txt"));
    for (Client* client : {&begun, &before, &after}) {
      const Answer answer = ReadAnswer(*client);
      EXPECT_EQ(answer.body, "0123456789");
      EXPECT_EQ(answer["Connection"], "close");
      EXPECT_EQ(client->ReadToEnd(), "");
    }
  });
}

TEST_F(StaticFilesTest, StopClosesWhatIsOpen) {
  WriteMuch("big");
  UniqueFd idle;
  UniqueFd busy;
  Run([&] {
    idle = host_.Connect();
    busy = host_.Connect();
    const std::string request = Get("/big");
    send(busy.get(), request.data(), request.size(), 0);
  });
  EXPECT_EQ(Client(std::move(idle)).ReadToEnd(), "");
}

TEST_F(StaticFilesTest, NothingStaysOpen) {
  const auto count = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), {});
  };
  Run([&] {
    Ask(Get("/a.txt"));
    EXPECT_TRUE(host_.WaitForOpen(0));
    const auto before = count();
    for (const char* target : {"/a.txt", "/folder", "/folder/", "/", "/x"}) {
      Ask(Get(target));
      Ask(Get(target, "If-None-Match: *\r\n"));
      Ask(Get(target, "Range: bytes=99-\r\n"));
    }
    EXPECT_TRUE(host_.WaitForOpen(0));
    EXPECT_EQ(count(), before);
  });
}

TEST_F(StaticFilesTest, WrongSettingsAreRefusedAtStart) {
  const auto refusal = [&](std::map<std::string, std::string> config) {
    FakeHost host;
    host.config = std::move(config);
    const LoadedPlugin plugin =
        LoadForTest("plugins/static_files/static_files.so");
    EXPECT_EQ(host.Run(plugin.table, [] {}), CLUSTER_E_CONFIG);
    return host.error_message();
  };
  EXPECT_EQ(refusal({}), "say what to serve: --set root=FOLDER");
  EXPECT_EQ(refusal({{"root", "/nothing/here"}}),
            "cannot serve root=/nothing/here: No such file or directory");
  EXPECT_EQ(refusal({{"root", root_}, {"listings", "on"}}),
            "unknown setting \"listings\": did you mean \"listing\"?");
}

}  // namespace
}  // namespace cluster
