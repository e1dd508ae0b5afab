// sdk_echo: sends back what it receives, by way of everything that the SDK had
// at ABI 0.1: watches, timers, posts, exceptions, the configuration, the log.
//
// It is built for every released ABI (tests/abi/corpus), so it uses nothing
// that came later. What a peer does not take at once ends its connection.
#include <sys/socket.h>

#include <chrono>
#include <list>
#include <stdexcept>
#include <string>
#include <utility>

#include "plugins/sdk/worker.h"

using cluster::sdk::Connection;
using cluster::sdk::Drain;
using cluster::sdk::Host;
using cluster::sdk::Status;
using cluster::sdk::Timer;
using cluster::sdk::Watch;
using cluster::sdk::Worker;

class SdkEcho : public Worker {
 public:
  using Worker::Worker;

  Status OnStart() override {
    const auto name = host().Config("name");
    if (!name) return {CLUSTER_E_CONFIG, "set a name"};
    host().Log(CLUSTER_LOG_INFO,
               std::string(*name) + ": worker " +
                   std::to_string(host().worker_id()) + " of " +
                   std::to_string(host().worker_count()));
    return {};
  }

  void OnConnection(Connection connection) override {
    if (!connection.LocalAddress().ok()) throw std::runtime_error("no address");
    const auto peer = peers_.emplace(peers_.end(), std::move(connection));
    auto watch = host().StartWatch(peer->connection.fd(),
                                   CLUSTER_READABLE,
                                   [this, peer](uint32_t) { Read(peer); });
    if (!watch.ok()) {
      peers_.erase(peer);
      throw std::runtime_error(watch.status().message());
    }
    peer->watch = std::move(*watch);
  }

  void OnDrain(const Drain&) override { peers_.clear(); }
  void OnStop() override { peers_.clear(); }

 private:
  struct Peer {
    explicit Peer(Connection given) : connection(std::move(given)) {}
    Connection connection;
    std::string unsent;
    Timer timer;
    Watch watch;  // ends before the connection does
  };
  using Peers = std::list<Peer>;

  void Read(Peers::iterator peer) {
    char bytes[4096];
    const ssize_t size = recv(peer->connection.fd(), bytes, sizeof(bytes), 0);
    if (size <= 0) {
      peers_.erase(peer);
      return;
    }
    peer->unsent.assign(bytes, size);
    if (!peer->watch.Modify(0).ok()) throw std::runtime_error("modify");
    auto timer = host().StartTimer(std::chrono::microseconds(1),
                                   [this, peer] { Write(peer); });
    if (!timer.ok()) throw std::runtime_error("timer");
    peer->timer = std::move(*timer);
  }

  void Write(Peers::iterator peer) {
    const std::string text = std::exchange(peer->unsent, "");
    const ssize_t sent =
        send(peer->connection.fd(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(text.size()) ||
        !peer->watch.Modify(CLUSTER_READABLE).ok()) {
      peers_.erase(peer);
    }
    // Caught by the SDK: proves that the plugin's exceptions are its own.
    if (text == "throw\n") throw std::runtime_error("as asked");
    if (!host().Post([this] { ++echoes_; }).ok()) {
      host().Log(CLUSTER_LOG_ERROR, "cannot post");
    }
  }

  Peers peers_;
  uint64_t echoes_ = 0;
};

CLUSTER_PLUGIN(SdkEcho, {.name = "sdk_echo", .version = "1.0"});
