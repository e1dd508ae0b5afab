#include "core/worker/acceptor.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/errno_status.h"
#include "core/scoreboard/claim.h"
#include "ipc/address.h"
#include "ipc/descriptor_limit.h"
#include "ipc/fd_passing.h"
#include "ipc/listener.h"
#include "ipc/open_fds.h"

namespace cluster {
namespace {

class AcceptorTest : public ::testing::Test {
 protected:
  absl::Status Take(Acceptor& acceptor) {
    return acceptor.Take(
        [this](IncomingConnection c) { given_.push_back(std::move(c)); });
  }

  std::vector<uint64_t> GivenIds() const {
    std::vector<uint64_t> ids;
    for (const IncomingConnection& connection : given_) {
      ids.push_back(connection.id);
    }
    return ids;
  }

  std::unique_ptr<SlotPage> page_ = std::make_unique<SlotPage>();
  std::vector<IncomingConnection> given_;
};

// ---- Hand-off

class HandoffAcceptorTest : public AcceptorTest {
 protected:
  HandoffAcceptorTest() {
    auto pair = *MakeSocketPair(SOCK_SEQPACKET);
    sender_ = std::move(pair.first);
    acceptor_ =
        std::make_unique<HandoffAcceptor>(1, std::move(pair.second), *page_);
  }
  ~HandoffAcceptorTest() override {
    given_.clear();
    acceptor_.reset();
    sender_.Reset();
    EXPECT_EQ(OpenFds(), fds_before_);
  }

  // Sends a message with `fds` descriptors and ids of 100 + number.
  void Send(HandoffHeader header, size_t fds, size_t cut_bytes = 0) {
    std::vector<std::byte> bytes(sizeof(header) +
                                 header.count * sizeof(HandoffEntry));
    std::memcpy(bytes.data(), &header, sizeof(header));
    for (uint32_t i = 0; i < header.count; ++i) {
      const HandoffEntry entry = {
          .id = 100 + header.first_number + i, .accepted_ns = 7, .peer = {}};
      std::memcpy(bytes.data() + sizeof(header) + i * sizeof(entry),
                  &entry,
                  sizeof(entry));
    }
    bytes.resize(bytes.size() - cut_bytes);
    const UniqueFd fd(eventfd(0, EFD_CLOEXEC));
    ASSERT_EQ(
        SendMessage(sender_.get(), bytes, std::vector<int>(fds, fd.get())), 0);
  }

  absl::Status Take() { return AcceptorTest::Take(*acceptor_); }

  const size_t fds_before_ = OpenFds();
  UniqueFd sender_;
  std::unique_ptr<HandoffAcceptor> acceptor_;
  StreamCell& cell_ = page_->streams[1];
};

TEST_F(HandoffAcceptorTest, GivesABatchInOrderAndCountsIt) {
  Send({.count = 3, .first_number = 1}, 3);
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(GivenIds(), (std::vector<uint64_t>{101, 102, 103}));
  EXPECT_EQ(given_[0].listener, 1u);
  EXPECT_EQ(given_[0].accepted_ns, 7);
  EXPECT_TRUE(given_[0].fd);
  EXPECT_EQ(cell_.claim.load(), 3u);
  EXPECT_EQ(page_->started.load(), 3u);
}

TEST_F(HandoffAcceptorTest, NothingThereIsNoError) {
  EXPECT_TRUE(Take().ok());
  EXPECT_TRUE(given_.empty());
}

TEST_F(HandoffAcceptorTest, CountsAsStartedBeforeItIsGiven) {
  Send({.count = 2, .first_number = 1}, 2);
  uint64_t expected = 0;
  EXPECT_TRUE(acceptor_
                  ->Take([&](IncomingConnection) {
                    ++expected;
                    EXPECT_EQ(cell_.claim.load(), expected);
                    EXPECT_EQ(page_->started.load(), expected);
                  })
                  .ok());
  EXPECT_EQ(expected, 2u);
}

TEST_F(HandoffAcceptorTest, RevokedIsClosed) {
  Send({.count = 2, .first_number = 1}, 2);
  Revoke(cell_, 0, 2);
  EXPECT_TRUE(Take().ok());
  EXPECT_TRUE(given_.empty());
  EXPECT_EQ(page_->started.load(), 0u);
}

TEST_F(HandoffAcceptorTest, RevokedInTheMiddleOfABatchEndsThere) {
  Send({.count = 3, .first_number = 1}, 3);
  EXPECT_TRUE(acceptor_
                  ->Take([&](IncomingConnection c) {
                    given_.push_back(std::move(c));
                    Revoke(cell_, 0, 3);
                  })
                  .ok());
  EXPECT_EQ(GivenIds(), (std::vector<uint64_t>{101}));
  Send({.count = 1, .first_number = 4}, 1);
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(GivenIds(), (std::vector<uint64_t>{101, 104}));
}

TEST_F(HandoffAcceptorTest, WithoutDescriptorsTheRestIsRefused) {
  Send({.count = 4, .first_number = 1}, 4);
  absl::Status status;
  {
    const DescriptorLimit limit(2);
    status = Take();
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(GivenIds(), (std::vector<uint64_t>{101, 102}));
  EXPECT_EQ(cell_.claim.load(), 4u);
  ASSERT_EQ(cell_.refusals.load(), 2u);
  EXPECT_EQ(cell_.refused[0].load(), 3u);
  EXPECT_EQ(cell_.refused[1].load(), 4u);
  EXPECT_EQ(page_->started.load(), 2u);
}

TEST_F(HandoffAcceptorTest, WithoutAnyDescriptorAllAreRefused) {
  Send({.count = 2, .first_number = 1}, 2);
  {
    const DescriptorLimit limit(0);
    EXPECT_TRUE(absl::IsResourceExhausted(Take()));
  }
  EXPECT_EQ(cell_.refusals.load(), 2u);
  Send({.count = 1, .first_number = 3}, 1);
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(GivenIds(), (std::vector<uint64_t>{103}));
}

TEST_F(HandoffAcceptorTest, ProbeBringsNothing) {
  Send({.count = 0, .first_number = 1}, 0);
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(cell_.claim.load(), 0u);
}

TEST_F(HandoffAcceptorTest, ClosedStreamIsOutOfRange) {
  sender_.Reset();
  EXPECT_TRUE(absl::IsOutOfRange(Take()));
}

TEST_F(HandoffAcceptorTest, MalformedMessagesAreDataLossAndLeakNothing) {
  Send({.magic = 1, .count = 1, .first_number = 1}, 1);
  EXPECT_TRUE(absl::IsDataLoss(Take()));
  Send({.count = 2, .first_number = 1}, 2, /*cut_bytes=*/1);
  EXPECT_TRUE(absl::IsDataLoss(Take()));
  Send({.count = 1, .first_number = 1}, 2);
  EXPECT_TRUE(absl::IsDataLoss(Take()));
  Send({.count = kMaxHandoffBatch + 1, .first_number = 1}, 3);
  EXPECT_TRUE(absl::IsDataLoss(Take()));
  Send({.count = 0, .first_number = 1}, 0, /*cut_bytes=*/8);
  EXPECT_TRUE(absl::IsDataLoss(Take()));
  EXPECT_TRUE(given_.empty());
  EXPECT_EQ(cell_.claim.load(), 0u);
}

TEST_F(HandoffAcceptorTest, DecidedFollowsTheClaim) {
  EXPECT_TRUE(acceptor_->DecidedUpTo(0));
  EXPECT_FALSE(acceptor_->DecidedUpTo(1));
  cell_.claim = 1;
  EXPECT_TRUE(acceptor_->DecidedUpTo(1));
}

TEST_F(HandoffAcceptorTest, WhatIsBeyondTheLimitCanBeTakenBack) {
  Send({.count = 3, .first_number = 1}, 3);
  const auto give = [this](IncomingConnection c) {
    given_.push_back(std::move(c));
  };
  EXPECT_TRUE(acceptor_->Take(give, 1).ok());
  EXPECT_EQ(GivenIds(), (std::vector<uint64_t>{101}));
  EXPECT_TRUE(acceptor_->waiting());
  EXPECT_EQ(cell_.claim.load(), 1u);
  EXPECT_EQ(Revoke(cell_, 1, 3), 1u);
  EXPECT_TRUE(acceptor_->Take(give, 5).ok());
  EXPECT_EQ(given_.size(), 1u);
  EXPECT_FALSE(acceptor_->waiting());
  EXPECT_EQ(page_->started.load(), 1u);
}

TEST_F(HandoffAcceptorTest, WhatWaitsIsGivenBeforeMoreIsReceived) {
  Send({.count = 2, .first_number = 1}, 2);
  Send({.count = 1, .first_number = 3}, 1);
  const auto give = [this](IncomingConnection c) {
    given_.push_back(std::move(c));
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(acceptor_->Take(give, 1).ok());
  EXPECT_EQ(GivenIds(), (std::vector<uint64_t>{101, 102, 103}));
}

TEST_F(HandoffAcceptorTest, NothingIsGivenAfterDropAndNothingClaimed) {
  Send({.count = 3, .first_number = 1}, 3);
  EXPECT_TRUE(acceptor_
                  ->Take([this](IncomingConnection c) {
                    given_.push_back(std::move(c));
                    acceptor_->Drop();
                  })
                  .ok());
  EXPECT_EQ(given_.size(), 1u);
  EXPECT_FALSE(acceptor_->waiting());
  EXPECT_EQ(cell_.claim.load(), 1u);
}

TEST_F(HandoffAcceptorTest, HoldKeepsTheRestForTheNextTake) {
  Send({.count = 3, .first_number = 1}, 3);
  EXPECT_TRUE(acceptor_
                  ->Take([this](IncomingConnection c) {
                    given_.push_back(std::move(c));
                    acceptor_->Hold();
                  })
                  .ok());
  EXPECT_EQ(given_.size(), 1u);
  EXPECT_TRUE(acceptor_->waiting());
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(given_.size(), 3u);
}

// ---- Share

class SocketAcceptorTest : public AcceptorTest {
 protected:
  SocketAcceptorTest() {
    UniqueFd listener = *OpenListener(*ParseListenAddress("127.0.0.1:0"));
    address_ = *LocalAddress(listener.get());
    acceptor_ =
        std::make_unique<SocketAcceptor>(2,
                                         std::move(listener),
                                         SocketAcceptor::Owner::kAllWorkers,
                                         *page_,
                                         next_id_);
  }

  UniqueFd Connect() {
    UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(client.get(),
                      reinterpret_cast<const sockaddr*>(&address_.storage),
                      address_.length),
              0);
    return client;
  }

  absl::Status Take() { return AcceptorTest::Take(*acceptor_); }

  ListenAddress address_;
  uint64_t next_id_ = 0;
  std::unique_ptr<SocketAcceptor> acceptor_;
};

TEST_F(SocketAcceptorTest, AcceptsOneATurnAndCountsIt) {
  const UniqueFd first = Connect();
  const UniqueFd second = Connect();
  EXPECT_TRUE(Take().ok());
  ASSERT_EQ(given_.size(), 1u);
  EXPECT_EQ(page_->accepted.load(), 1u);
  EXPECT_EQ(page_->started.load(), 1u);
  EXPECT_TRUE(Take().ok());
  ASSERT_EQ(given_.size(), 2u);
  EXPECT_NE(given_[0].id, given_[1].id);
  EXPECT_EQ(given_[0].listener, 2u);
  EXPECT_GT(given_[0].accepted_ns, 0);
  EXPECT_NE(given_[0].peer.port, 0);
}

TEST_F(SocketAcceptorTest, AcceptsAllOfItsOwnSocketButNoMoreThanAsked) {
  UniqueFd listener = *OpenListener(*ParseListenAddress("127.0.0.1:0"));
  address_ = *LocalAddress(listener.get());
  SocketAcceptor own(2,
                     std::move(listener),
                     SocketAcceptor::Owner::kThisSlot,
                     *page_,
                     next_id_);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(Connect());
  std::vector<IncomingConnection> given;
  const auto give = [&](IncomingConnection connection) {
    given.push_back(std::move(connection));
    if (given.size() == 4) own.Hold();
  };
  EXPECT_TRUE(own.Take(give, 3).ok());
  EXPECT_EQ(given.size(), 3u);
  EXPECT_TRUE(own.Take(give).ok());
  EXPECT_EQ(given.size(), 4u);
  EXPECT_TRUE(own.Take(give).ok());
  EXPECT_EQ(given.size(), 5u);
  EXPECT_EQ(page_->accepted.load(), 5u);
}

TEST_F(SocketAcceptorTest, NothingThereIsNoError) {
  EXPECT_TRUE(Take().ok());
  EXPECT_TRUE(given_.empty());
}

TEST_F(SocketAcceptorTest, WithoutDescriptorsItIsReportedAndNothingLost) {
  const UniqueFd client = Connect();
  {
    const DescriptorLimit limit(0);
    EXPECT_EQ(ErrnoOf(Take()), EMFILE);
  }
  EXPECT_EQ(page_->accepted.load(), 0u);
  EXPECT_TRUE(Take().ok());
  EXPECT_EQ(given_.size(), 1u);
}

// By whoever has it, too: it stays readable.
TEST_F(SocketAcceptorTest, ThatItWasShutDownIsReported) {
  ASSERT_EQ(shutdown(acceptor_->fd(), SHUT_RDWR), 0);
  EXPECT_EQ(ErrnoOf(Take()), EINVAL);
}

}  // namespace
}  // namespace cluster
