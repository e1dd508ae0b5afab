#include "core/primary/connections/handoff_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/primary/testing/fake_worker.h"
#include "ipc/fd_passing.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<uint64_t> IdsOf(const HandoffStream::Connections& connections) {
  std::vector<uint64_t> ids;
  for (const AcceptedConnection& connection : connections) {
    ids.push_back(connection.id);
  }
  return ids;
}

std::vector<uint64_t> Range(uint64_t first, uint64_t last) {
  std::vector<uint64_t> ids;
  for (uint64_t id = first; id <= last; ++id) ids.push_back(id);
  return ids;
}

// A stream with its worker; whatever leaks is counted.
class HandoffStreamTest : public ::testing::Test {
 protected:
  HandoffStreamTest() {
    stream_ = *HandoffStream::Create(cell_);
    worker_ = std::make_unique<FakeWorker>(cell_, stream_->receiver());
  }

  ~HandoffStreamTest() override {
    out_.clear();
    worker_.reset();
    stream_.reset();
    clients_.clear();
    EXPECT_EQ(OpenFds(), fds_before_);
  }

  // Queues connections `first` to `last`, which are cheap to make.
  void Queue(uint64_t first, uint64_t last, int64_t now_ns = 0) {
    for (uint64_t id = first; id <= last; ++id) {
      stream_->Queue(
          {.fd = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), .id = id},
          now_ns);
    }
  }

  // Queues and sends them.
  void Send(uint64_t first, uint64_t last) {
    Queue(first, last);
    ASSERT_EQ(stream_->Flush(&out_), 0);
    ASSERT_THAT(out_, IsEmpty());
  }

  // Queues a connection whose client is clients_[n].
  void QueueSocket(uint64_t id) {
    auto pair = *MakeSocketPair(SOCK_STREAM);
    clients_.push_back(std::move(pair.second));
    stream_->Queue({.fd = std::move(pair.first), .id = id}, 0);
  }

  // Whether nobody holds the other end of clients_[n] any more.
  bool HungUp(size_t n) {
    pollfd poll_fd = {clients_[n].get(), 0, 0};
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP) != 0;
  }

  const size_t fds_before_ = OpenFds();
  std::unique_ptr<SlotPage> page_ = std::make_unique<SlotPage>();
  StreamCell& cell_ = page_->streams[0];
  std::unique_ptr<HandoffStream> stream_;
  std::unique_ptr<FakeWorker> worker_;
  std::vector<UniqueFd> clients_;
  HandoffStream::Connections out_;
};

TEST_F(HandoffStreamTest, FlushSendsBatchesInOrder) {
  Send(1, 150);
  EXPECT_EQ(stream_->sent(), 150u);
  EXPECT_EQ(stream_->unstarted(), 150u);
  EXPECT_EQ(worker_->Receive(), 150u);
  EXPECT_EQ(worker_->Start(), Range(1, 150));
}

TEST_F(HandoffStreamTest, ReleaseClosesExactlyWhatWasStarted) {
  for (uint64_t id = 1; id <= 3; ++id) QueueSocket(id);
  stream_->Flush(&out_);
  worker_->Receive();
  worker_->Start(2);
  worker_->Close();
  EXPECT_FALSE(HungUp(0)) << "the primary holds its copy until Release()";
  EXPECT_EQ(stream_->Release(&out_), 2u);
  EXPECT_TRUE(HungUp(0));
  EXPECT_TRUE(HungUp(1));
  EXPECT_FALSE(HungUp(2));
  EXPECT_EQ(stream_->unstarted(), 1u);
  EXPECT_EQ(stream_->Release(&out_), 0u);
}

TEST_F(HandoffStreamTest, ReleaseReturnsWhatTheWorkerRefused) {
  for (uint64_t id = 1; id <= 4; ++id) QueueSocket(id);
  stream_->Flush(&out_);
  worker_->Receive();
  worker_->Start(1);
  worker_->Refuse(2);
  worker_->Start(1);
  EXPECT_EQ(stream_->Release(&out_), 2u);
  EXPECT_THAT(IdsOf(out_), ElementsAre(2, 3));
  EXPECT_EQ(stream_->unstarted(), 0u);
  EXPECT_FALSE(HungUp(1)) << "it is on its way to another worker";
}

TEST_F(HandoffStreamTest, TakeBackReturnsWhatIsUndecidedOldestFirst) {
  Send(1, 6);
  worker_->Receive();
  worker_->Start(2);
  EXPECT_EQ(stream_->TakeBack(&out_), 2u);
  EXPECT_EQ(IdsOf(out_), Range(3, 6));
  EXPECT_EQ(stream_->unstarted(), 0u);
}

TEST_F(HandoffStreamTest, TakeBackReturnsRefusalsToo) {
  Send(1, 4);
  worker_->Receive();
  worker_->Refuse(1);
  worker_->Start(1);
  EXPECT_EQ(stream_->TakeBack(&out_), 1u);
  EXPECT_THAT(IdsOf(out_), ElementsAre(1, 3, 4));
}

TEST_F(HandoffStreamTest, LateWorkerCannotStartWhatWasTakenBack) {
  Send(1, 3);
  worker_->Receive();
  stream_->TakeBack(&out_);
  EXPECT_THAT(worker_->Start(), IsEmpty());
  EXPECT_EQ(stream_->Release(&out_), 0u);
  EXPECT_THAT(out_, SizeIs(3));
}

TEST_F(HandoffStreamTest, LateRefusalOfWhatWasTakenBackIsIgnored) {
  Send(1, 3);
  worker_->Receive();
  stream_->TakeBack(&out_);
  out_.clear();
  worker_->Refuse();
  Send(4, 5);
  worker_->Receive();
  worker_->Start(1);
  worker_->Refuse(1);
  EXPECT_EQ(stream_->Release(&out_), 1u);
  EXPECT_THAT(IdsOf(out_), ElementsAre(5));
}

TEST_F(HandoffStreamTest, TakeBackEmptiesTheQueueForTheNextWorker) {
  Send(1, 100);
  stream_->TakeBack(&out_);
  out_.clear();
  EXPECT_EQ(worker_->Receive(), 0u);
  Send(101, 101);
  EXPECT_EQ(worker_->Receive(), 1u);
  EXPECT_THAT(worker_->Start(), ElementsAre(101));
}

TEST_F(HandoffStreamTest, RingWrapsManyTimes) {
  uint64_t next = 1;
  for (int round = 0; round < 40; ++round) {
    const uint64_t count = 1 + (round * 37) % kMaxUnstarted;
    Send(next, next + count - 1);
    worker_->Receive();
    worker_->Refuse(count / 3);
    const size_t started = worker_->Start(count / 3).size();
    worker_->Close();
    EXPECT_EQ(
        round % 2 == 0 ? stream_->Release(&out_) : stream_->TakeBack(&out_),
        started);
    EXPECT_GE(out_.size(), count / 3);
    stream_->TakeBack(&out_);
    EXPECT_THAT(out_, SizeIs(count - started));
    out_.clear();
    worker_->Start();
    next += count;
  }
}

TEST_F(HandoffStreamTest, AFullRingOfSingleMessagesIsTaken) {
  for (uint64_t id = 1; id <= kMaxUnstarted; ++id) Send(id, id);
  EXPECT_EQ(worker_->Receive(), kMaxUnstarted);
  EXPECT_EQ(worker_->Start(), Range(1, kMaxUnstarted));
}

TEST_F(HandoffStreamTest, OldestAgeFollowsWhatIsDecided) {
  Queue(1, 1, 100);
  Queue(2, 2, 200);
  stream_->Flush(&out_);
  EXPECT_EQ(stream_->oldest_queued_ns(), 100);
  worker_->Receive();
  worker_->Start(1);
  stream_->Release(&out_);
  EXPECT_EQ(stream_->oldest_queued_ns(), 200);
}

// Fills the kernel's buffer behind the stream, so that a flush fails.
TEST_F(HandoffStreamTest, FlushIntoAFullSocketReturnsTheUnsent) {
  for (int i = 0; i < 100'000; ++i) stream_->SendProbe();
  Queue(1, 3);
  EXPECT_EQ(stream_->Flush(&out_), EAGAIN);
  EXPECT_EQ(IdsOf(out_), Range(1, 3));
  EXPECT_EQ(stream_->sent(), 0u);
  EXPECT_EQ(stream_->unstarted(), 0u);

  // The numbers were not used up.
  out_.clear();
  worker_->Receive();
  Send(7, 8);
  worker_->Receive();
  EXPECT_EQ(worker_->Start(), Range(7, 8));
}

TEST_F(HandoffStreamTest, FlushIntoABrokenSocketReturnsTheUnsent) {
  shutdown(stream_->receiver(), SHUT_RDWR);
  Queue(1, 2);
  EXPECT_EQ(stream_->Flush(&out_), EPIPE);
  EXPECT_EQ(IdsOf(out_), Range(1, 2));
}

TEST_F(HandoffStreamTest, ProbeCarriesNoConnection) {
  stream_->SendProbe();
  EXPECT_EQ(worker_->Receive(), 0u);
  EXPECT_EQ(worker_->probes(), 1u);
  EXPECT_EQ(stream_->unstarted(), 0u);
}

// ---- A worker that is dead

TEST_F(HandoffStreamTest, RenewedStreamIsOutOfReachOfTheOldWorker) {
  const UniqueFd old(fcntl(stream_->receiver(), F_DUPFD_CLOEXEC, 0));
  Send(1, 2);
  stream_->TakeBack(&out_);
  out_.clear();
  stream_->RestoreCell();
  stream_->Renew();
  char byte = 0;
  EXPECT_EQ(recv(old.get(), &byte, 1, MSG_DONTWAIT), 0) << "its end";
  shutdown(old.get(), SHUT_RDWR);
  Send(3, 4);
  FakeWorker next(cell_, stream_->receiver());
  EXPECT_EQ(next.Receive(), 2u);
  EXPECT_EQ(next.Start(), Range(3, 4));
  EXPECT_EQ(stream_->Release(&out_), 2u);
}

TEST_F(HandoffStreamTest, StreamThatCannotBeRenewedStaysAsItIs) {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  rlimit none = limit;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  stream_->Renew();
  setrlimit(RLIMIT_NOFILE, &limit);
  Send(1, 2);
  EXPECT_EQ(worker_->Receive(), 2u);
  EXPECT_EQ(worker_->Start(), Range(1, 2));
}

// ---- A worker that lies

TEST_F(HandoffStreamTest, ClaimBeyondWhatWasSentCountsOnlyWhatWasSent) {
  Send(1, 3);
  cell_.claim.store(UINT64_MAX);
  EXPECT_EQ(stream_->Release(&out_), 3u);
  EXPECT_EQ(stream_->unstarted(), 0u);
  Send(4, 4);
  EXPECT_EQ(stream_->TakeBack(&out_), 1u);
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_EQ(cell_.claim.load(), 4u) << "the next worker begins right";
}

TEST_F(HandoffStreamTest, ClaimThatGoesBackReturnsNothingTwice) {
  Send(1, 3);
  worker_->Receive();
  worker_->Start();
  EXPECT_EQ(stream_->Release(&out_), 3u);
  cell_.claim.store(0);
  Send(4, 4);
  EXPECT_EQ(stream_->Release(&out_), 0u);
  EXPECT_EQ(stream_->TakeBack(&out_), 0u);
  EXPECT_THAT(IdsOf(out_), ElementsAre(4));
}

TEST_F(HandoffStreamTest, RefusalNamedTwiceReturnsOnce) {
  Send(1, 2);
  cell_.refused[0] = 1;
  cell_.refused[1] = 1;
  cell_.refusals = 2;
  cell_.claim = 2;
  EXPECT_EQ(stream_->Release(&out_), 1u);
  EXPECT_THAT(IdsOf(out_), ElementsAre(1));
}

TEST_F(HandoffStreamTest, RefusalsOfForeignNumbersAreIgnored) {
  Send(1, 2);
  worker_->Receive();
  worker_->Start(1);
  stream_->Release(&out_);
  uint64_t entry = 0;
  for (const uint64_t number :
       {uint64_t{0}, uint64_t{1}, uint64_t{1'000'000}}) {
    cell_.refused[entry++] = number;
  }
  cell_.refusals = entry;
  cell_.claim = 2;
  EXPECT_EQ(stream_->Release(&out_), 1u);
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(HandoffStreamTest, NonsenseInTheRefusalsDoesNotOutliveTheWorker) {
  Send(1, 2);
  for (auto& number : cell_.refused) number = UINT64_MAX;
  cell_.refusals = (uint64_t{1} << 60) + 7;
  stream_->TakeBack(&out_);
  out_.clear();

  // The slot's next worker is honest.
  FakeWorker next(cell_, stream_->receiver());
  Send(3, 5);
  next.Receive();
  next.Start(1);
  next.Refuse(1);
  next.Start(1);
  EXPECT_EQ(stream_->Release(&out_), 2u);
  EXPECT_THAT(IdsOf(out_), ElementsAre(4));
}

TEST_F(HandoffStreamTest, RefusalOfANumberNotYetSentHidesNoTrueOne) {
  Send(1, 2);
  cell_.refused[0] = 99;
  cell_.refused[1] = 2;
  cell_.refusals = 2;
  cell_.claim = 2;
  EXPECT_EQ(stream_->Release(&out_), 1u);
  EXPECT_THAT(IdsOf(out_), ElementsAre(2));
}

}  // namespace
}  // namespace cluster
