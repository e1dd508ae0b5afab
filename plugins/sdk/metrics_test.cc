#include "plugins/sdk/metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/worker.h"
#include "plugins/testing/client.h"
#include "plugins/testing/fake_host.h"

namespace cluster::sdk {
namespace {

// Counts what it is sent, and says "no more" at 'n'.
class Teller : public Worker {
 public:
  using Worker::Worker;

  Status OnStart() override {
    requests_ = Counter::Make(host(), "t_requests_total", "Requests.");
    level_ = Gauge::Make(host(), "t_level", "Level.");
    sizes_ = Histogram::Make(host(), "t_sizes", "Sizes.", {1, 10});
    return {};
  }

  void OnConnection(Connection connection) override {
    const uint64_t id = connection.id();
    auto watch = host().StartWatch(
        connection.fd(), CLUSTER_READABLE, [this, id](uint32_t) { Read(id); });
    ASSERT_TRUE(watch.ok());
    peers_.emplace(id, Peer{std::move(connection), *std::move(watch), {}});
  }
  void OnStop() override { peers_.clear(); }

 private:
  struct Peer {
    Connection connection;
    Watch watch;
    RequestScope request;
  };

  void Read(uint64_t id) {
    Peer& peer = peers_.at(id);
    char byte = 0;
    if (recv(peer.connection.fd(), &byte, 1, 0) <= 0) {
      peers_.erase(id);
      return;
    }
    requests_.Add();
    level_.Set(2.5);
    sizes_.Observe(4);
    peer.connection.AddBytes(1, 2);
    if (byte == 'q') peer.request = peer.connection.CountRequest();
    if (byte == 'e') peer.request.End();
    if (byte == 'n') EXPECT_TRUE(host().SetNotReady("tired").ok());
    if (byte == 'r') EXPECT_TRUE(host().SetReady().ok());
    host().Heartbeat();
    send(peer.connection.fd(), "ok", 2, MSG_NOSIGNAL);
  }

  Counter requests_;
  Gauge level_;
  Histogram sizes_;
  std::map<uint64_t, Peer> peers_;
};

constexpr cluster_worker_plugin kTeller = kTable<Teller>;

// Sends a byte and waits until it was seen to.
void Tell(Client& client, const char* byte) {
  client.Send(byte);
  EXPECT_EQ(client.Read(2), "ok");
}

TEST(MetricsTest, HostSeesWhatThePluginTells) {
  FakeHost host;
  host.Run(kTeller, [&] {
    Client client(host.Connect());
    Tell(client, "q");
    EXPECT_EQ(host.telemetry.requests, 1);
    Tell(client, "e");
    EXPECT_EQ(host.telemetry.requests, 0);
    Tell(client, "n");
    EXPECT_FALSE(host.telemetry.ready());
    EXPECT_EQ(host.telemetry.reason(), "tired");
    Tell(client, "r");
    EXPECT_TRUE(host.telemetry.ready());
  });
  EXPECT_EQ(host.telemetry.value("t_requests_total"), 4);
  EXPECT_EQ(host.telemetry.value("t_level"), 2.5);
  EXPECT_EQ(host.telemetry.value("t_sizes"), 16);
  EXPECT_EQ(host.telemetry.count("t_sizes"), 4u);
  EXPECT_EQ(host.telemetry.bytes_received, 4u);
  EXPECT_EQ(host.telemetry.bytes_sent, 8u);
  EXPECT_EQ(host.telemetry.heartbeats(), 4u);
}

TEST(MetricsTest, HostWithoutTheServicesIsToldNothing) {
  FakeHost host;
  host.hidden_services = {CLUSTER_SERVICE_METRIC_V1, CLUSTER_SERVICE_HEALTH_V1};
  host.Run(kTeller, [&] {
    Client client(host.Connect());
    for (const char* byte : {"q", "e", "n", "r"}) Tell(client, byte);
  });
  EXPECT_EQ(host.telemetry.value("t_requests_total"), -1);
  EXPECT_EQ(host.telemetry.heartbeats(), 0u);
}

TEST(MetricsTest, ScopeEndsOnceAndMoves) {
  FakeHost host;
  const Services services = Services::Of(host.host());
  {
    RequestScope first(services, 7);
    RequestScope second = std::move(first);
    EXPECT_EQ(host.telemetry.requests, 1);
    first = RequestScope(services, 8);
    EXPECT_EQ(host.telemetry.requests, 2);
    second.End();
    second.End();
    EXPECT_EQ(host.telemetry.requests, 1);
    first.Forget();
  }
  EXPECT_EQ(host.telemetry.requests, 1) << "the host took it back itself";
}

// A host of ABI 0.1 has shorter tables.
TEST(MetricsTest, OlderTablesAreFilledUpWithNothing) {
  FakeHost host;
  Services services = Services::Of(host.host());
  services.connection.requests = nullptr;
  services.connection.bytes = nullptr;
  cluster_connection raw = {};
  raw.size = sizeof(raw);
  raw.fd = -1;
  const Connection connection(services, raw);
  connection.AddRequests(1);
  connection.AddBytes(1, 1);
  RequestScope(services, 1).End();
  EXPECT_EQ(host.telemetry.requests, 0);
  EXPECT_EQ(host.telemetry.bytes_sent, 0u);
}

}  // namespace
}  // namespace cluster::sdk
