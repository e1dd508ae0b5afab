#include "core/cluster/stream.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "core/base/unique_fd.h"
#include "ipc/fd_passing.h"

namespace cluster {
namespace {

class StreamTest : public ::testing::Test {
 protected:
  // As every primary has it.
  StreamTest() { signal(SIGPIPE, SIG_IGN); }

  // Reads at most one piece of what came; empty at the end, or if none has.
  std::string ReadSome() {
    std::array<char, 64 << 10> buffer;
    const ssize_t count =
        recv(far_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return count > 0 ? std::string(buffer.data(), count) : std::string();
  }

  boost::asio::io_context io_{1};
  std::pair<UniqueFd, UniqueFd> pair_ = *MakeSocketPair(SOCK_STREAM);
  UniqueFd far_ = std::move(pair_.second);
  std::shared_ptr<Stream> stream_ = Stream::Create(io_, std::move(pair_.first));
};

// While a slow reader takes it, more is written.
TEST_F(StreamTest, WhatIsQueuedArrivesWholeAndInOrder) {
  std::string sent;
  std::string came;
  for (size_t i = 0; i < 20'000; ++i) {
    const std::string line = std::to_string(i) + std::string(100, 'x');
    sent.append(line);
    ASSERT_TRUE(stream_->write(line));
    if (i % 1000 == 0) came.append(ReadSome());
  }
  EXPECT_GT(stream_->queued_bytes(), 0u);
  stream_->end();
  while (came.size() < sent.size()) {
    came.append(ReadSome());
    io_.poll();
    io_.restart();
  }
  EXPECT_EQ(came, sent);
  EXPECT_EQ(stream_->queued_bytes(), 0u);
  char byte;
  EXPECT_EQ(recv(far_.get(), &byte, 1, 0), 0) << "and then the end";
}

TEST_F(StreamTest, NothingIsQueuedForAReaderThatIsGone) {
  while (stream_->queued_bytes() == 0) stream_->write(std::string(4096, 'x'));
  far_.Reset();
  stream_->write("more");
  EXPECT_EQ(stream_->queued_bytes(), 0u);
  stream_->close();
  EXPECT_FALSE(stream_->write("late"));
  EXPECT_EQ(stream_->queued_bytes(), 0u);
}

}  // namespace
}  // namespace cluster
