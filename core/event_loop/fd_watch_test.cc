#include "core/event_loop/fd_watch.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"
#include "core/event_loop/refused_call.h"
#include "ipc/fd_passing.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

// A socket that is watched, and its other end.
class FdWatchTest : public ::testing::Test {
 protected:
  FdWatchTest() {
    auto pair = *MakeSocketPair(SOCK_STREAM);
    near_ = std::move(pair.first);
    far_ = std::move(pair.second);
    watch_ = *FdWatch::Create(io_, near_.get());
  }

  void Poke() { ASSERT_EQ(write(far_.get(), "x", 1), 1); }
  void Read() {
    char byte;
    ASSERT_EQ(read(near_.get(), &byte, 1), 1);
  }
  void Fill() {
    const std::string bytes(1 << 16, 'x');
    while (send(near_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
  }
  void Empty() {
    std::string bytes(1 << 20, 'x');
    while (recv(far_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
  }
  // Runs what is ready, at most `steps` handlers.
  void Poll(int steps = 10) {
    io_.restart();
    while (steps-- > 0 && io_.poll_one() > 0) {
    }
  }

  boost::asio::io_context io_{1};
  UniqueFd near_;
  UniqueFd far_;
  std::unique_ptr<FdWatch> watch_;
  int calls_ = 0;
};

TEST_F(FdWatchTest, CallsAsLongAsThereIsSomethingToRead) {
  watch_->OnReadable([&] { ++calls_; });
  Poll();
  EXPECT_EQ(calls_, 0);
  Poke();
  Poll(3);
  EXPECT_EQ(calls_, 3);
  Read();
  Poll();
  EXPECT_LE(calls_, 4) << "one may have been under way";
  const int before = calls_;
  Poll();
  EXPECT_EQ(calls_, before);
}

TEST_F(FdWatchTest, CallsAgainAfterACallThatThrew) {
  watch_->OnReadable([&] {
    Read();
    if (++calls_ == 1) throw std::runtime_error("callback");
  });
  Poke();
  EXPECT_THROW(Poll(), std::runtime_error);
  Poke();
  Poll();
  EXPECT_EQ(calls_, 2);
}

TEST_F(FdWatchTest, StoppedWatchIsNotCalled) {
  watch_->OnReadable([&] { ++calls_; });
  Poll();
  Poke();
  watch_->Stop();
  Poll();
  EXPECT_EQ(calls_, 0);
}

TEST_F(FdWatchTest, StopInsideTheCallbackIsTheLast) {
  watch_->OnReadable([&] {
    ++calls_;
    watch_->Stop();
  });
  Poke();
  Poll();
  EXPECT_EQ(calls_, 1);
}

TEST_F(FdWatchTest, BeginsAgainAfterStop) {
  watch_->OnReadable([&] { ADD_FAILURE(); });
  watch_->Stop();
  watch_->OnReadable([&] {
    ++calls_;
    Read();
  });
  Poke();
  Poll();
  EXPECT_EQ(calls_, 1);
}

TEST_F(FdWatchTest, DestroyedInsideTheCallbackIsTheLast) {
  watch_->OnReadable([&] {
    ++calls_;
    watch_.reset();
  });
  Poke();
  Poll();
  EXPECT_EQ(calls_, 1);
}

TEST_F(FdWatchTest, DestroyedWithAReadyEventIsNotCalled) {
  watch_->OnReadable([&] { ++calls_; });
  Poll();
  Poke();
  watch_.reset();
  near_.Reset();
  Poll();
  EXPECT_EQ(calls_, 0);
}

// The callback that is replaced is the one that runs: what it holds must live
// until it returns.
TEST_F(FdWatchTest, CallbackMayReplaceItself) {
  auto counter = std::make_shared<int>(0);
  watch_->OnReadable([this, held = counter, padding = std::string(64, 'x')] {
    watch_->OnReadable([this] {
      ++calls_;
      watch_->Stop();
    });
    *held += static_cast<int>(padding.size());
  });
  Poke();
  Poll();
  EXPECT_EQ(*counter, 64);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(counter.use_count(), 1);
}

TEST_F(FdWatchTest, WritableIsToldOnce) {
  watch_->OnceWritable([&] { ++calls_; });
  Poll();
  EXPECT_EQ(calls_, 1);
}

TEST_F(FdWatchTest, WritableWaitsForRoom) {
  Fill();
  watch_->OnceWritable([&] { ++calls_; });
  watch_->OnceWritable([&] { ADD_FAILURE() << "one waits already"; });
  Poll();
  EXPECT_EQ(calls_, 0);
  Empty();
  Poll();
  EXPECT_EQ(calls_, 1);
}

TEST_F(FdWatchTest, WritableMayBeAskedForAgainInside) {
  watch_->OnceWritable([&] {
    ++calls_;
    watch_->OnceWritable([&] { ++calls_; });
  });
  Poll();
  EXPECT_EQ(calls_, 2);
}

TEST_F(FdWatchTest, DestroyedWhileWritableWaits) {
  Fill();
  watch_->OnceWritable([&] { ++calls_; });
  Poll();
  watch_.reset();
  Empty();
  Poll();
  EXPECT_EQ(calls_, 0);
}

TEST_F(FdWatchTest, ReadingAndWritingAreWatchedTogether) {
  watch_->OnReadable([&] {
    ++calls_;
    Read();
  });
  watch_->OnceWritable([&] { ++calls_; });
  Poke();
  Poll();
  EXPECT_EQ(calls_, 2);
}

TEST_F(FdWatchTest, NeverClosesTheDescriptor) {
  const size_t before = OpenFds();
  watch_.reset();
  Poll();
  EXPECT_EQ(OpenFds(), before);
}

// The number may be another descriptor's by then: it is watched as new.
TEST_F(FdWatchTest, NumberCanBeWatchedAgainAfterItsWatchAndFdAreGone) {
  watch_->OnReadable([&] { ADD_FAILURE(); });
  Poll();
  const int number = near_.get();
  watch_.reset();
  near_.Reset();
  auto pair = *MakeSocketPair(SOCK_STREAM);
  ASSERT_EQ(pair.first.get(), number);
  near_ = std::move(pair.first);
  far_ = std::move(pair.second);
  watch_ = *FdWatch::Create(io_, near_.get());
  watch_->OnReadable([&] {
    ++calls_;
    Read();
  });
  Poke();
  Poll();
  EXPECT_EQ(calls_, 1);
}

TEST_F(FdWatchTest, DescriptorThatIsWatchedAlreadyIsRefused) {
  EXPECT_EQ(ErrnoOf(FdWatch::Create(io_, near_.get()).status()), EEXIST);
  watch_->OnReadable([&] {
    ++calls_;
    Read();
  });
  Poke();
  Poll();
  EXPECT_EQ(calls_, 1) << "the watch that there is goes on";
}

TEST_F(FdWatchTest, KernelWithoutWatchesLeftIsAnError) {
  {
    const RefusedCall refused(RefusedCall::kEpollAdd, ENOSPC);
    for (int i = 0; i < 3; ++i) {
      const absl::Status status = FdWatch::Create(io_, far_.get()).status();
      EXPECT_EQ(ErrnoOf(status), ENOSPC) << status;
    }
  }
  EXPECT_TRUE(FdWatch::Create(io_, far_.get()).ok()) << "it has some again";
}

TEST_F(FdWatchTest, ContextMayGoFirst) {
  auto io = std::make_unique<boost::asio::io_context>(1);
  watch_ = *FdWatch::Create(*io, near_.get());
  watch_->OnReadable([&] { ++calls_; });
  watch_.reset();
  io.reset();
  EXPECT_EQ(calls_, 0);
}

}  // namespace
}  // namespace cluster
