// Arguments that make no sense, to the services of messages and listeners: each
// is refused and logged, and does nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/control/data_path.h"
#include "core/control/listener_messages.h"
#include "core/control/messages.h"
#include "core/worker/services/service_fixture.h"
#include "ipc/archive.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint32_t kStream = 0;
constexpr uint32_t kDatagram = 1;
// Not below count().
constexpr uint32_t kBeyond[] = {
    2, 15, 16, 63, 64, 1'000, INT32_MAX, UINT32_MAX};
// Of structs: none, too short for the first version, beyond belief.
constexpr uint32_t kWrongSizes[] = {0, 1, 4, 15, 0x10001, UINT32_MAX};

void NeverMessage(void*, const cluster_message*) { FAIL(); }
void NeverReply(void*, cluster_status, const cluster_message*) { FAIL(); }
void NeverDone(void*, cluster_status, uint32_t, const cluster_error*) {
  FAIL();
}

class NonsenseToServicesTest : public ServiceFixture {
 protected:
  NonsenseToServicesTest() {
    std::vector<UniqueFd> sockets;
    sockets.emplace_back(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_TRUE(listeners_
                    .Begin({{.listener = kStream,
                             .kind = ListenerKind::kStream,
                             .address = {},
                             .text = "stream"},
                            {.listener = kDatagram,
                             .kind = ListenerKind::kDatagram,
                             .address = {},
                             .text = "datagram"}},
                           std::move(sockets))
                    .ok());
    listeners_.SetStage(ListenerTable::Stage::kStarted);
    outgoing_.size = sizeof(outgoing_);
    outgoing_.to = CLUSTER_TO_OTHERS;
    info_.size = sizeof(info_);
    options_.size = sizeof(options_);
    for (cluster_connection& each : connections_) each.size = sizeof(each);
  }

  // What was logged since the last call. Nothing else was sent.
  std::vector<std::string> Logged() {
    loop_->Dispatch();
    std::vector<std::string> lines;
    for (const auto& [type, payload] : Sent()) {
      EXPECT_EQ(type, FrameType::kLog);
      if (type != FrameType::kLog) continue;
      const LogLine line = *Decode<LogLine>(payload);
      EXPECT_EQ(line.level, CLUSTER_LOG_PLUGIN_MISBEHAVING);
      lines.push_back(line.text);
    }
    return lines;
  }
  void ExpectLogged(const std::string& what) {
    const std::vector<std::string> lines = Logged();
    ASSERT_THAT(lines, SizeIs(1)) << what;
    EXPECT_THAT(lines[0], EndsWith(": " + what));
  }

  // By send, request and reply alike.
  void ExpectRefused(const cluster_outgoing* message, const std::string& what) {
    EXPECT_EQ(message_.send(host_, message), CLUSTER_E_INVALID);
    EXPECT_EQ(message_.request(host_, message, 9, &NeverReply, nullptr),
              CLUSTER_E_INVALID);
    EXPECT_EQ(message_.reply(host_, 1, message), CLUSTER_E_INVALID);
    const std::vector<std::string> lines = Logged();
    EXPECT_THAT(lines, SizeIs(3)) << what;
    for (const std::string& line : lines) EXPECT_THAT(line, EndsWith(what));
  }

  // The worker listens at kStream, where `clients` have connected.
  std::vector<UniqueFd> Connect(size_t clients) {
    UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    socklen_t length = sizeof(sa_family_t);  // the kernel finds a name
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener.get(), generic, length), 0);
    EXPECT_EQ(listen(listener.get(), 16), 0);
    length = sizeof(address);
    EXPECT_EQ(getsockname(listener.get(), generic, &length), 0);
    std::vector<UniqueFd> connected;
    for (size_t i = 0; i < clients; ++i) {
      connected.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      EXPECT_EQ(connect(connected.back().get(), generic, length), 0);
    }
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(listener));
    EXPECT_TRUE(intake_
                    .Listen({.listener = kStream,
                             .error = 0,
                             .data_path = DataPath::kShare},
                            std::move(fds))
                    .ok());
    return connected;
  }

  const cluster_message_v1& message_ =
      *Find<cluster_message_v1>(CLUSTER_SERVICE_MESSAGE_V1);
  const cluster_listener_v1& listener_ =
      *Find<cluster_listener_v1>(CLUSTER_SERVICE_LISTENER_V1);
  const cluster_datagram_v1& datagram_ =
      *Find<cluster_datagram_v1>(CLUSTER_SERVICE_DATAGRAM_V1);
  const cluster_acceptor_v1& acceptor_ =
      *Find<cluster_acceptor_v1>(CLUSTER_SERVICE_ACCEPTOR_V1);

  cluster_outgoing outgoing_ = {};
  cluster_listener_info info_ = {};
  cluster_listen_options options_ = {};
  cluster_connection connections_[4] = {};
  uint64_t taken_ = 99;
  int32_t fd_ = -1;
};

// ---- cluster.message/1

TEST_F(NonsenseToServicesTest, Message) {
  ExpectRefused(nullptr, "message is NULL");
  outgoing_.payload = {nullptr, 1};
  ExpectRefused(&outgoing_, "payload.data is NULL");
  outgoing_.payload = {"", CLUSTER_MAX_MESSAGE_BYTES + 1};
  ExpectRefused(&outgoing_, "payload.size is over CLUSTER_MAX_MESSAGE_BYTES");
  outgoing_.payload = {nullptr, 0};
  outgoing_.fd_count = 1;
  ExpectRefused(&outgoing_, "fds is NULL");
  outgoing_.fd_count = UINT32_MAX;
  ExpectRefused(&outgoing_, "fd_count is over CLUSTER_MAX_MESSAGE_FDS");
}

TEST_F(NonsenseToServicesTest, SizeOfAMessage) {
  for (const uint32_t size : kWrongSizes) {
    outgoing_.size = size;
    EXPECT_EQ(message_.send(host_, &outgoing_), CLUSTER_E_INVALID) << size;
  }
  ExpectLogged("message->size is wrong");
}

TEST_F(NonsenseToServicesTest, TargetOfAMessage) {
  outgoing_.to = 5;
  EXPECT_EQ(message_.send(host_, &outgoing_), CLUSTER_E_INVALID);
  ExpectLogged("to is not one of CLUSTER_TO_*");
  outgoing_.to = CLUSTER_TO_WORKER;
  EXPECT_EQ(message_.send(host_, &outgoing_), CLUSTER_E_INVALID);
  ExpectLogged("number is 0, which no worker has");
  outgoing_.to = CLUSTER_TO_PRIMARY;
  outgoing_.number = 1;
  EXPECT_EQ(message_.send(host_, &outgoing_), CLUSTER_E_INVALID);
  ExpectLogged("number is not 0");
}

TEST_F(NonsenseToServicesTest, CallbacksAndTimeoutOfMessages) {
  EXPECT_EQ(message_.on_message(host_, nullptr, nullptr), CLUSTER_E_INVALID);
  ExpectLogged("received is NULL");
  EXPECT_EQ(message_.request(host_, &outgoing_, 9, &NeverReply, nullptr),
            CLUSTER_E_INVALID);
  ExpectLogged("it is to CLUSTER_TO_OTHERS");
  outgoing_.to = CLUSTER_TO_PRIMARY;
  EXPECT_EQ(message_.request(host_, &outgoing_, 9, nullptr, nullptr),
            CLUSTER_E_INVALID);
  ExpectLogged("replied is NULL");
  for (const uint64_t timeout_ms : {uint64_t{0}, UINT64_MAX}) {
    EXPECT_EQ(
        message_.request(host_, &outgoing_, timeout_ms, &NeverReply, nullptr),
        CLUSTER_E_INVALID);
  }
  ExpectLogged("timeout_ms is not 1 to 2^31");
  EXPECT_EQ(message_.on_message(host_, &NeverMessage, nullptr), CLUSTER_OK);
}

// ---- cluster.listener/1 and cluster.datagram/1

TEST_F(NonsenseToServicesTest, InfoOfAListener) {
  EXPECT_EQ(listener_.info(host_, kStream, nullptr), CLUSTER_E_INVALID);
  ExpectLogged("info is NULL");
  for (const uint32_t size : kWrongSizes) {
    info_.size = size;
    EXPECT_EQ(listener_.info(host_, kStream, &info_), CLUSTER_E_INVALID);
    EXPECT_EQ(info_.text.data, nullptr);
  }
  ExpectLogged("info->size is wrong");
}

TEST_F(NonsenseToServicesTest,
       InfoForANewerPluginIsZeroBeyondWhatTheHostKnows) {
  struct Newer {
    cluster_listener_info known;
    uint64_t later;
  } newer = {};
  newer.known.size = sizeof(newer);
  newer.later = 77;
  EXPECT_EQ(listener_.info(host_, kStream, &newer.known), CLUSTER_OK);
  EXPECT_EQ(std::string(newer.known.text.data, newer.known.text.size),
            "stream");
  EXPECT_EQ(newer.known.size, sizeof(newer));
  EXPECT_EQ(newer.later, 0u);
  EXPECT_THAT(Logged(), IsEmpty());
}

TEST_F(NonsenseToServicesTest, Listen) {
  EXPECT_EQ(listener_.listen(host_, {nullptr, 3}, nullptr, &NeverDone, nullptr),
            CLUSTER_E_INVALID);
  EXPECT_EQ(listener_.listen(host_, {"x", 0}, nullptr, &NeverDone, nullptr),
            CLUSTER_E_INVALID);
  EXPECT_EQ(
      listener_.listen(
          host_, {"x", kMaxListenTextBytes + 1}, nullptr, &NeverDone, nullptr),
      CLUSTER_E_INVALID);
  ExpectLogged("address is NULL, empty or too long");
  EXPECT_EQ(listener_.listen(host_, {"x", 1}, &options_, nullptr, nullptr),
            CLUSTER_E_INVALID);
  ExpectLogged("done is NULL");
  options_.backlog = -1;
  EXPECT_EQ(listener_.listen(host_, {"x", 1}, &options_, &NeverDone, nullptr),
            CLUSTER_E_INVALID);
  ExpectLogged("options->backlog is below 0");
  for (const uint32_t size : kWrongSizes) {
    options_.size = size;
    EXPECT_EQ(listener_.listen(host_, {"x", 1}, &options_, &NeverDone, nullptr),
              CLUSTER_E_INVALID);
  }
  ExpectLogged("options->size is wrong");
}

TEST_F(NonsenseToServicesTest, NumbersOfListeners) {
  for (const uint32_t number : kBeyond) {
    EXPECT_EQ(listener_.info(host_, number, &info_), CLUSTER_E_INVALID);
    EXPECT_EQ(listener_.close(host_, number), CLUSTER_E_INVALID);
    EXPECT_EQ(datagram_.socket(host_, number, &fd_), CLUSTER_E_INVALID);
    EXPECT_EQ(acceptor_.take_over(host_, number, &fd_), CLUSTER_E_INVALID);
    EXPECT_EQ(acceptor_.take(host_, number, connections_, 1, &taken_),
              CLUSTER_E_INVALID);
    EXPECT_EQ(acceptor_.pause(host_, number), CLUSTER_E_INVALID);
    EXPECT_EQ(acceptor_.resume(host_, number), CLUSTER_E_INVALID);
  }
  EXPECT_EQ(fd_, -1);
  const std::vector<std::string> lines = Logged();
  EXPECT_THAT(lines, SizeIs(7)) << "one a function";
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr("its listener is not below count()"));
  }
}

// A plugin may ask each number below count() what it is.
TEST_F(NonsenseToServicesTest, ListenersOfTheOtherKindAreNotLogged) {
  EXPECT_EQ(datagram_.socket(host_, kStream, &fd_), CLUSTER_E_INVALID);
  EXPECT_EQ(acceptor_.take_over(host_, kDatagram, &fd_), CLUSTER_E_INVALID);
  EXPECT_EQ(acceptor_.pause(host_, kDatagram), CLUSTER_E_INVALID);
  EXPECT_EQ(acceptor_.take(host_, kDatagram, connections_, 1, &taken_),
            CLUSTER_E_STATE);
  EXPECT_EQ(fd_, -1);
  EXPECT_THAT(Logged(), IsEmpty());
}

TEST_F(NonsenseToServicesTest, SocketOfDatagrams) {
  EXPECT_EQ(datagram_.socket(host_, kDatagram, nullptr), CLUSTER_E_INVALID);
  ExpectLogged("fd is NULL");
  EXPECT_EQ(datagram_.socket(host_, kDatagram, &fd_), CLUSTER_OK);
  EXPECT_EQ(fd_, listeners_.Socket(kDatagram));
}

// The plugin's drain may not have been called yet.
TEST_F(NonsenseToServicesTest, WorkerThatIsToldToEndListensNoMore) {
  listeners_.SetStage(ListenerTable::Stage::kDraining);
  EXPECT_EQ(datagram_.socket(host_, kDatagram, &fd_), CLUSTER_E_STATE);
  EXPECT_EQ(listener_.listen(host_, {"x", 1}, nullptr, &NeverDone, nullptr),
            CLUSTER_E_STATE);
  EXPECT_THAT(Logged(), IsEmpty());
}

// ---- cluster.acceptor/1

TEST_F(NonsenseToServicesTest, Take) {
  EXPECT_EQ(acceptor_.take_over(host_, kStream, nullptr), CLUSTER_E_INVALID);
  ExpectLogged("pollable is NULL");
  const std::vector<UniqueFd> clients = Connect(1);
  ASSERT_EQ(acceptor_.take_over(host_, kStream, &fd_), CLUSTER_OK);
  EXPECT_EQ(acceptor_.take(host_, kStream, connections_, 1, nullptr),
            CLUSTER_E_INVALID);
  ExpectLogged("taken is NULL");
  EXPECT_EQ(acceptor_.take(host_, kStream, connections_, 0, &taken_),
            CLUSTER_E_INVALID);
  EXPECT_EQ(acceptor_.take(host_, kStream, nullptr, 0, &taken_),
            CLUSTER_E_INVALID);
  ExpectLogged("capacity is 0");
  EXPECT_EQ(acceptor_.take(host_, kStream, nullptr, 1, &taken_),
            CLUSTER_E_INVALID);
  ExpectLogged("connections is NULL");
  for (const uint32_t size : {0u, 1u, 4u, 8u, 55u, 0x10001u, UINT32_MAX}) {
    connections_[0].size = size;
    EXPECT_EQ(acceptor_.take(host_, kStream, connections_, 1, &taken_),
              CLUSTER_E_INVALID);
    EXPECT_EQ(taken_, 0u);
  }
  ExpectLogged("connections->size is wrong");
  EXPECT_EQ(page_->started, 0u) << "the connection waits";
}

TEST_F(NonsenseToServicesTest, TakeFillsStructsOfANewerPluginWithZerosBeyond) {
  struct Newer {
    cluster_connection known;
    uint64_t later;
  } newer[2] = {};
  newer[0].known.size = sizeof(Newer);
  newer[0].later = newer[1].later = 77;
  const std::vector<UniqueFd> clients = Connect(2);
  ASSERT_EQ(acceptor_.take_over(host_, kStream, &fd_), CLUSTER_OK);
  EXPECT_EQ(acceptor_.take(host_, kStream, &newer[0].known, 2, &taken_),
            CLUSTER_OK);
  ASSERT_EQ(taken_, 2u);
  for (const Newer& each : newer) {
    EXPECT_EQ(each.known.size, sizeof(Newer));
    EXPECT_EQ(each.later, 0u);
    EXPECT_EQ(close(each.known.fd), 0);
  }
  EXPECT_NE(newer[0].known.id, newer[1].known.id);
}

}  // namespace
}  // namespace cluster
