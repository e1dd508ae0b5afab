#include "plugins/static_files/transmission.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "core/base/unique_fd.h"
#include "plugins/sdk/descriptor.h"
#include "plugins/static_files/response.h"

namespace cluster::static_files {
namespace {

using State = Transmission::State;

std::string MuchText() {
  std::string text;
  for (int i = 0; text.size() < (1u << 20); ++i) text += std::to_string(i);
  return text;
}

class TransmissionTest : public testing::Test {
 protected:
  TransmissionTest() {
    signal(SIGPIPE, SIG_IGN);  // as in a host
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    socket_ = UniqueFd(ends[0]);
    peer_ = UniqueFd(ends[1]);
  }

  static sdk::Descriptor File(const std::string& text) {
    sdk::Descriptor file(memfd_create("file", MFD_CLOEXEC));
    EXPECT_EQ(write(file.fd(), text.data(), text.size()), ssize_t(text.size()));
    return file;
  }

  // All that has arrived.
  std::string Receive() {
    std::string all;
    char bytes[64 << 10];
    ssize_t size;
    while ((size = recv(peer_.get(), bytes, sizeof(bytes), 0)) > 0) {
      all.append(bytes, size);
    }
    return all;
  }

  // Sends to the end, reading in between.
  std::string SendAll(Transmission& out) {
    std::string all;
    State state;
    while ((state = out.Send(socket_.get())) == State::kMore) all += Receive();
    EXPECT_EQ(state, State::kDone);
    return all + Receive();
  }

  UniqueFd socket_;
  UniqueFd peer_;
};

TEST_F(TransmissionTest, SendsTextsAndPiecesInOrder) {
  Response response;
  response.file = File("0123456789");
  response.parts = {{"head|", 2, 3}, {"|middle|", 0, 1}, {"|", 9, 1}, {"|end"}};
  Transmission out(std::move(response));
  EXPECT_EQ(SendAll(out), "head|234|middle|0|9|end");
  EXPECT_EQ(out.sent_bytes(), 23u);
}

TEST_F(TransmissionTest, SendsMoreThanASocketHolds) {
  const std::string text = MuchText();
  Response response;
  response.file = File(text);
  response.parts = {{text, 1, text.size() - 1}, {text}};
  Transmission out(std::move(response));
  EXPECT_TRUE(SendAll(out) == text + text.substr(1) + text);
}

TEST_F(TransmissionTest, OneTurnIsBounded) {
  // More room than one turn fills, or the socket would be the bound.
  const int room = 4 << 20;
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  const std::string text = MuchText();
  Response response;
  response.file = File(text);
  response.parts = {{"head", 0, text.size()}};
  Transmission out(std::move(response));
  EXPECT_EQ(out.Send(socket_.get()), State::kMore);
  EXPECT_GT(out.sent_bytes(), 0u);
  EXPECT_LE(out.sent_bytes(), Transmission::kTurnBytes);
}

TEST_F(TransmissionTest, WaitsForPeerThatDoesNotRead) {
  const std::string text = MuchText();
  Response response;
  response.file = File(text);
  response.parts = {{"head", 0, text.size()}};
  Transmission out(std::move(response));
  uint64_t before;
  do {
    before = out.sent_bytes();
    ASSERT_EQ(out.Send(socket_.get()), State::kMore);
  } while (out.sent_bytes() > before);
  EXPECT_LT(before, text.size());
  Receive();
  EXPECT_NE(out.Send(socket_.get()), State::kFailed);
  EXPECT_GT(out.sent_bytes(), before);
}

TEST_F(TransmissionTest, FileThatBecameShorterFails) {
  Response response;
  response.file = File("0123456789");
  const int file = response.file.fd();
  response.parts = {{"head|", 0, 10}};
  Transmission out(std::move(response));
  ASSERT_EQ(ftruncate(file, 4), 0);
  EXPECT_EQ(out.Send(socket_.get()), State::kFailed);
  socket_.Reset();
  EXPECT_EQ(Receive(), "head|0123");
}

TEST_F(TransmissionTest, PeerThatIsGoneFails) {
  Response response;
  response.file = File("0123456789");
  response.parts = {{"", 0, 10}};
  Transmission piece(std::move(response));
  Response text;
  text.parts = {{"text"}};
  Transmission words(std::move(text));
  peer_.Reset();
  EXPECT_EQ(piece.Send(socket_.get()), State::kFailed);
  EXPECT_EQ(words.Send(socket_.get()), State::kFailed);
}

TEST_F(TransmissionTest, FileIsClosedAtTheEnd) {
  Response response;
  response.file = File("x");
  const int file = response.file.fd();
  response.parts = {{"", 0, 1}};
  Transmission out(std::move(response));
  EXPECT_EQ(SendAll(out), "x");
  EXPECT_EQ(fcntl(file, F_GETFD), -1);
}

}  // namespace
}  // namespace cluster::static_files
