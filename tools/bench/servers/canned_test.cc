#include "tools/bench/servers/canned.h"

#include <fcntl.h>

#include <string>

#include "gtest/gtest.h"

namespace {

const char kKeep[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const char kClose[] = "GET / HTTP/1.1\r\nconnection:  Close\r\n\r\n";

canned_verdict Feed(canned_parser* parser, const std::string& bytes) {
  return canned_feed(parser, bytes.data(), bytes.size());
}

TEST(CannedFeedTest, RequestIsAnsweredOnce) {
  canned_parser parser = {};
  const canned_verdict verdict = Feed(&parser, kKeep);
  EXPECT_EQ(verdict.answers, 1u);
  EXPECT_FALSE(verdict.close);
}

TEST(CannedFeedTest, MayBeCutAnywhere) {
  const std::string whole = kClose;
  for (size_t cut = 1; cut < whole.size(); cut++) {
    canned_parser parser = {};
    EXPECT_EQ(Feed(&parser, whole.substr(0, cut)).answers, 0u) << cut;
    const canned_verdict verdict = Feed(&parser, whole.substr(cut));
    EXPECT_EQ(verdict.answers, 1u) << cut;
    EXPECT_TRUE(verdict.close) << cut;
  }
}

TEST(CannedFeedTest, PipelinedRequestsAreCountedUpToTheClosingOne) {
  canned_parser parser = {};
  const canned_verdict verdict =
      Feed(&parser, std::string(kKeep) + kKeep + kClose + kKeep);
  EXPECT_EQ(verdict.answers, 3u);
  EXPECT_TRUE(verdict.close);
}

TEST(CannedFeedTest, EmptyLinesBeforeARequestAreIgnored) {
  canned_parser parser = {};
  EXPECT_EQ(Feed(&parser, "\r\n\r\n").answers, 0u);
  EXPECT_EQ(Feed(&parser, kKeep).answers, 1u);
}

TEST(CannedFeedTest, LongLineCutInPiecesIsNoEnd) {
  canned_parser parser = {};
  EXPECT_EQ(Feed(&parser, "GET /" + std::string(100, 'a')).answers, 0u);
  EXPECT_EQ(Feed(&parser, std::string(100, 'b') + "\r\n").answers, 0u);
  EXPECT_EQ(Feed(&parser, "\r\n").answers, 1u);
}

// A loop that only notes what it was asked for.
class CannedConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair_), 0);
    canned_server_init(&server_, 7, false, this, Watch, Close);
  }
  void TearDown() override {
    close(pair_[0]);
    if (!closed_) close(pair_[1]);
  }

  void Send(const std::string& bytes) {
    ASSERT_EQ(write(pair_[0], bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }
  std::string Receive() {
    std::string bytes(1 << 20, '\0');
    const ssize_t size = read(pair_[0], bytes.data(), bytes.size());
    bytes.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return bytes;
  }

  static int Watch(void* context, canned_connection*, canned_want want) {
    static_cast<CannedConnectionTest*>(context)->watched_ = want;
    return 0;
  }
  static void Close(void* context, canned_connection* c) {
    static_cast<CannedConnectionTest*>(context)->closed_ = true;
    canned_close(c->fd);
  }

  int pair_[2];
  canned_server server_;
  canned_connection connection_;
  canned_want watched_ = CANNED_NOTHING;
  bool closed_ = false;
};

TEST_F(CannedConnectionTest, WaitingRequestIsAnsweredAtOnceAndClosed) {
  Send(kClose);
  canned_open(&server_, &connection_, pair_[1]);
  EXPECT_EQ(Receive(), std::string(server_.last.text, server_.last.size));
  EXPECT_TRUE(closed_);
  EXPECT_EQ(watched_, CANNED_NOTHING);
}

TEST_F(CannedConnectionTest, SilentConnectionIsWatchedThenAnswered) {
  canned_open(&server_, &connection_, pair_[1]);
  EXPECT_EQ(watched_, CANNED_READ);
  Send(kKeep);
  canned_ready(&server_, &connection_);
  EXPECT_EQ(Receive(), std::string(server_.keep.text, server_.keep.size));
  EXPECT_FALSE(closed_);
}

TEST_F(CannedConnectionTest, EndOfStreamCloses) {
  canned_open(&server_, &connection_, pair_[1]);
  shutdown(pair_[0], SHUT_WR);
  canned_ready(&server_, &connection_);
  EXPECT_TRUE(closed_);
}

TEST_F(CannedConnectionTest, AlwaysCloseAnswersOnce) {
  server_.always_close = true;
  Send(std::string(kKeep) + kKeep);
  canned_open(&server_, &connection_, pair_[1]);
  EXPECT_EQ(Receive(), std::string(server_.last.text, server_.last.size));
  EXPECT_TRUE(closed_);
}

TEST_F(CannedConnectionTest, StuckAnswersWaitForRoomAndAllArrive) {
  const int small = 1;
  setsockopt(pair_[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  std::string requests;
  for (int i = 0; i < 100; i++) requests += kKeep;
  Send(requests);
  canned_open(&server_, &connection_, pair_[1]);
  ASSERT_EQ(watched_, CANNED_WRITE);
  std::string answers = Receive();
  while (answers.size() < 100 * server_.keep.size) {
    canned_ready(&server_, &connection_);
    answers += Receive();
  }
  EXPECT_EQ(answers.size(), 100 * server_.keep.size);
  EXPECT_EQ(connection_.owed, 0u);
}

}  // namespace
