// Rows B214 to B225, B245, B246 and B251: how workers end, as they see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/cluster.h"
#include "tests/conformance/cluster_fixture.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

class WorkerEndTest : public ClusterTest {
 protected:
  // Forks one whose standard input is a pipe.
  std::shared_ptr<Worker> ForkWithInput(std::vector<std::string> does) {
    Settings settings = Does(std::move(does));
    (*settings.stdio)[0] = Stdio::pipe();
    return cluster_.fork({.settings = settings});
  }

  // Two that hold a connection each; calls `then` once, when they do.
  void ForkTwoThatHold(std::function<void()> then) {
    for (auto& worker : workers_) worker = Fork({"hold"});
    cluster_.on(events::listening, [&](Worker&, const Address& address) {
      if (++listening_ < 2) return;
      port_ = address.port;
      for (int i = 0; i < 2; ++i) Connect();
    });
    on_printed_ = [this, then = std::move(then)] {
      if (HeldBy(1) + HeldBy(2) != 2) return;
      on_printed_ = {};
      then();
    };
  }
  void Connect() { clients_.push_back(std::make_unique<Client>(port_)); }
  // How many connections the worker has printed.
  size_t HeldBy(uint32_t id) {
    size_t count = 0;
    const std::string& text = Printed(id);
    for (size_t at = 0; (at = text.find("held", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    return count;
  }
  size_t OpenClients() const {
    size_t count = 0;
    for (const auto& client : clients_) count += client->IsOpen();
    return count;
  }
  void CloseAll() {
    clients_.clear();
    cluster_.disconnect();
  }

  std::shared_ptr<Worker> workers_[2];
  int listening_ = 0;
  int port_ = 0;
  std::vector<std::unique_ptr<Client>> clients_;
};

class LeavingTest : public WorkerEndTest,
                    public ::testing::WithParamInterface<const char*> {
 protected:
  // Whether nobody has it.
  static bool IsFree(const Address& address) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(address.port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int type = address.type == "udp4" ? SOCK_DGRAM : SOCK_STREAM;
    const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    const bool is_free =
        bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0;
    close(fd);
    return is_free;
  }
};

TEST_F(WorkerEndTest, B214_NoNewConnectionsButTheOldOnes) {
  ForkTwoThatHold([this] {
    // One, but on a busy machine a worker may be passed by.
    const size_t old = HeldBy(1);
    workers_[0]->disconnect();
    on_printed_ = [this, old] {
      if (HeldBy(1) + HeldBy(2) < 6) return;
      EXPECT_EQ(HeldBy(1), old);
      EXPECT_EQ(OpenClients(), 6u);
      on_printed_ = {};
      CloseAll();
    };
    for (int i = 0; i < 4; ++i) Connect();
  });
  Run();
  EXPECT_EQ(clients_.size(), 0u);
}

TEST_F(WorkerEndTest, B246_ConnectionsOfAKilledWorkerAndNoOthersAreCut) {
  ForkTwoThatHold([this] { workers_[0]->kill(SIGKILL); });
  size_t open = 0;
  workers_[0]->on(events::exit, [&](int, int) {
    open = OpenClients();
    CloseAll();
  });
  Run();
  EXPECT_EQ(open, HeldBy(2));
  EXPECT_EQ(workers_[1]->process().exit_code(), 0);
}

TEST_F(WorkerEndTest, B218_ThePrimaryKnowsThatItWasMeant) {
  int events = 0;
  for (int i = 0; i < 8; ++i) {
    const auto worker = Fork({"disconnect"});
    const auto check = [&, raw = worker.get()](auto...) {
      EXPECT_EQ(raw->exited_after_disconnect(), true);
      ++events;
    };
    worker->on(events::disconnect, check);
    worker->on(events::exit, check);
  }
  Run();
  EXPECT_EQ(events, 16);
}

TEST_F(WorkerEndTest, B219_AskingAgainChangesNothing) {
  LogEvents();
  const auto worker = ForkWithInput({"twice"});
  worker->on(events::listening, [&](const Address& address) {
    port_ = address.port;
    Connect();
  });
  on_printed_ = [&] { worker->process().stream(0)->write("k"); };
  Run();
  EXPECT_EQ(Printed(1), "asked disconnected");
  EXPECT_THAT(
      log_,
      ElementsAre(
          "fork 1", "online 1", "listening 1", "disconnect 1", "exit 1 0 0"));
  EXPECT_EQ(clients_.at(0)->ReadAll(), "") << "cut";
}

TEST_F(WorkerEndTest, B245_KillWhileItDisconnectsEndsAtOnce) {
  const auto worker = Fork({"kill then"});
  worker->on(events::listening, [&](const Address& address) {
    port_ = address.port;
    Connect();
  });
  on_printed_ = [&] { worker->disconnect(); };
  Run();
  EXPECT_EQ(Printed(1), "kept");
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_EQ(clients_.at(0)->ReadAll(), "") << "cut";
}

// It ends when its program does, however long that takes.
TEST_F(WorkerEndTest, B220_ItsOwnTimersAreItsOwnAndB221_NobodyKillsIt) {
  const auto worker = ForkWithInput({"linger"});
  worker->on(events::online, [&] { worker->disconnect(); });
  on_printed_ = [&] {
    if (!Printed(1).ends_with("returned")) return;
    EXPECT_FALSE(worker->is_dead());
    worker->process().stream(0)->end();
  };
  Run();
  EXPECT_TRUE(Printed(1).ends_with("returned, finished"));
  EXPECT_EQ(worker->process().exit_code(), 0);
}

// For who shares what it had, it is gone when run() has returned.
TEST_P(LeavingTest, B217_ChannelAndPortsCloseAndB220_TheProcessMayLiveOn) {
  cluster_.set_scheduling_policy(GetParam());
  LogEvents();
  const auto worker = ForkWithInput({"linger", "udp"});
  std::vector<Address> at;
  worker->on(events::listening, [&](const Address& address) {
    at.push_back(address);
    if (at.size() == 2) worker->disconnect();
  });
  absl::Status told;
  worker->on(events::disconnect, [&] {
    EXPECT_FALSE(worker->is_dead());
    EXPECT_FALSE(worker->is_connected());
    EXPECT_EQ(worker->state(), WorkerState::kDisconnected);
    EXPECT_FALSE(
        worker->send("x", [&](const absl::Status& why) { told = why; }));
    for (const Address& each : at) EXPECT_TRUE(IsFree(each)) << each.type;
    // Only now it may end.
    worker->process().stream(0)->end();
  });
  Run();
  EXPECT_EQ(told.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(log_,
              ElementsAre("fork 1",
                          "online 1",
                          "listening 1",
                          "listening 1",
                          "disconnect 1",
                          "exit 1 0 0"));
  EXPECT_EQ(Printed(1), "disconnected, returned, finished");
}

INSTANTIATE_TEST_SUITE_P(UnderEachPolicy,
                         LeavingTest,
                         ::testing::Values(kSchedRr, kSchedNone));

TEST_F(WorkerEndTest, B223_ExitInTheTurnOfItsOwnDisconnect) {
  const auto worker = Fork({"asks and exits"});
  Run();
  EXPECT_EQ(worker->process().exit_code(), 7);
  EXPECT_EQ(worker->exited_after_disconnect(), false);
}

TEST_F(WorkerEndTest, B224_DisconnectedBeforeRunReturns) {
  const auto worker = ForkWithInput({"linger"});
  worker->on(events::listening, [&](const Address&) { worker->disconnect(); });
  worker->process().stream(0)->end();
  Run();
  EXPECT_EQ(Printed(1), "disconnected, returned, finished");
}

TEST_F(WorkerEndTest, B225_ChannelThatClosesCutsWhatIsOpen) {
  const auto worker = Fork({"hold"});
  worker->on(events::listening, [&](const Address& address) {
    port_ = address.port;
    Connect();
  });
  on_printed_ = [&] {
    if (Printed(1) == "held") worker->process().disconnect();
  };
  Run();
  EXPECT_EQ(Printed(1), "helddisconnected");
  EXPECT_EQ(clients_.at(0)->ReadAll(), "held\n");
  EXPECT_EQ(worker->process().exit_code(), 0);
  EXPECT_EQ(worker->exited_after_disconnect(), false);
}

TEST_F(WorkerEndTest, B251_WhetherItWasAskedAsTheWorkerKnowsIt) {
  Fork({"asked", "self"});
  const auto by_primary = Fork({"asked"});
  by_primary->on(events::listening,
                 [&](const Address&) { by_primary->disconnect(); });
  const auto cut = Fork({"asked"});
  cut->on(events::listening,
          [&](const Address&) { cut->process().disconnect(); });
  Run();
  EXPECT_EQ(Printed(1), "unknown yes ");
  EXPECT_EQ(Printed(2), "unknown yes ");
  EXPECT_EQ(Printed(3), "unknown unknown ");
}

}  // namespace
}  // namespace cluster
