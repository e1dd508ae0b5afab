// listens: a plugin that serves where its clients say. One command a line; each
// answer is one line, beginning with the worker's id:
//
//   who               ID
//   count             ID COUNT
//   info N            ID N TEXT, or "ID none"
//   listen FLAGS ADDR ID ok N TEXT, or ID error STATUS CODE MESSAGE
//   close N           ID STATUS; likewise pause N and resume N
//   take N MOST       takes N over, MOST at a time: ID STATUS
//
// A datagram is answered with the worker's id. Settings: listen=ADDR is asked
// for in start; take=MOST takes listener 0 over in start, MOST at a time.
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "plugins/sdk/acceptor.h"
#include "plugins/sdk/datagram.h"
#include "plugins/sdk/listeners.h"
#include "plugins/sdk/worker.h"

namespace cluster {

class Listens : public sdk::Worker {
 public:
  using Worker::Worker;

  sdk::Status OnStart() override {
    for (uint32_t i = 0; i < listeners_.count(); ++i) ServeDatagrams(i);
    if (const auto address = host().Config("listen")) {
      const auto done = [this](sdk::Result<uint32_t> listener) {
        if (listener.ok()) return ServeDatagrams(*listener);
        host().Log(CLUSTER_LOG_ERROR, listener.status().message());
      };
      if (auto status = listeners_.Listen(*address, {}, done); !status.ok()) {
        return status;
      }
    }
    if (const auto most = host().Config("take")) {
      return TakeOver(0, std::strtoul(std::string(*most).c_str(), nullptr, 10));
    }
    return {};
  }

  void OnConnection(sdk::Connection connection) override {
    const uint64_t id = connection.id();
    auto watch = host().StartWatch(
        connection.fd(), CLUSTER_READABLE, [this, id](uint32_t) { Read(id); });
    if (!watch.ok()) return;
    peers_.emplace(id, Peer{std::move(connection), *std::move(watch), ""});
  }

  void OnDrain(const sdk::Drain&) override {
    datagrams_.clear();
    peers_.clear();
  }
  void OnStop() override {
    takers_.clear();
    datagrams_.clear();
    peers_.clear();
  }

 private:
  struct Peer {
    sdk::Connection connection;
    sdk::Watch watch;
    std::string line;
  };
  struct Datagrams {
    explicit Datagrams(sdk::DatagramSocket socket) : socket(socket) {}
    sdk::DatagramSocket socket;
    sdk::DatagramBatch batch{1500};
    sdk::Watch watch;
  };

  void ServeDatagrams(uint32_t listener) {
    auto socket = sdk::DatagramSocket::Of(host(), listener);
    if (!socket.ok()) return;
    auto served = std::make_unique<Datagrams>(*socket);
    auto watch = host().StartWatch(
        socket->fd(), CLUSTER_READABLE, [this, raw = served.get()](uint32_t) {
          raw->batch.Receive(raw->socket);
          for (size_t i = 0; i < raw->batch.size(); ++i) {
            raw->batch.answer(i) = Id();
          }
          raw->batch.Send(raw->socket);
        });
    if (!watch.ok()) return;
    served->watch = *std::move(watch);
    datagrams_[listener] = std::move(served);
  }

  sdk::Status TakeOver(uint32_t listener, size_t most) {
    auto pollable = acceptor_.TakeOver(listener);
    if (!pollable.ok()) return pollable.status();
    auto watch = host().StartWatch(
        *pollable, CLUSTER_READABLE, [this, listener, most](uint32_t) {
          static_cast<void>(
              acceptor_.Take(listener, most, [this](sdk::Connection taken) {
                OnConnection(std::move(taken));
              }));
        });
    if (!watch.ok()) return watch.status();
    takers_[listener] = *std::move(watch);
    return {};
  }

  std::string Id() const { return std::to_string(host().worker_id()); }

  void Answer(uint64_t id, const std::string& text) {
    const auto peer = peers_.find(id);
    if (peer == peers_.end()) return;
    const std::string line = Id() + (text.empty() ? "" : " ") + text + "\n";
    send(peer->second.connection.fd(), line.data(), line.size(), MSG_NOSIGNAL);
  }

  void Read(uint64_t id) {
    char text[512];
    Peer& peer = peers_.at(id);
    const ssize_t size = recv(peer.connection.fd(), text, sizeof(text), 0);
    if (size <= 0) {
      peers_.erase(id);
      return;
    }
    peer.line.append(text, static_cast<size_t>(size));
    size_t end;
    while ((end = peer.line.find('\n')) != std::string::npos) {
      const std::string line = peer.line.substr(0, end);
      peer.line.erase(0, end + 1);
      Obey(id, line);
    }
  }

  void Obey(uint64_t id, const std::string& line) {
    std::istringstream words(line);
    std::string word;
    uint32_t number = 0;
    words >> word >> number;
    if (word == "who") return Answer(id, "");
    if (word == "count") return Answer(id, std::to_string(listeners_.count()));
    if (word == "info") {
      auto info = listeners_.Info(number);
      return Answer(id,
                    info.ok()
                        ? std::to_string(number) + " " + std::string(info->text)
                        : "none");
    }
    if (word == "listen") {
      std::string address;
      words >> address;
      return Listen(id, number, address);
    }
    if (word == "take") {
      size_t most = 0;
      words >> most;
      return Answer(id, std::to_string(TakeOver(number, most).code()));
    }
    sdk::Status status(CLUSTER_E_INVALID, "no such command");
    if (word == "close") {
      datagrams_.erase(number);
      status = listeners_.Close(number);
    }
    if (word == "pause") status = acceptor_.Pause(number);
    if (word == "resume") status = acceptor_.Resume(number);
    Answer(id, std::to_string(status.code()));
  }

  void Listen(uint64_t id, uint32_t flags, const std::string& address) {
    const auto done = [this, id](sdk::Result<uint32_t> listener) {
      if (!listener.ok()) {
        return Answer(id,
                      "error " + std::to_string(listener.status().code()) +
                          " " + listener.status().message());
      }
      ServeDatagrams(*listener);
      Answer(id,
             "ok " + std::to_string(*listener) + " " +
                 std::string(listeners_.Info(*listener)->text));
    };
    const auto status =
        listeners_.Listen(address, {.flags = flags, .backlog = 0}, done);
    if (!status.ok()) Answer(id, "refused " + std::to_string(status.code()));
  }

  const sdk::Listeners listeners_{host()};
  const sdk::Acceptor acceptor_{host()};
  std::map<uint64_t, Peer> peers_;
  std::map<uint32_t, std::unique_ptr<Datagrams>> datagrams_;
  std::map<uint32_t, sdk::Watch> takers_;
};

}  // namespace cluster

CLUSTER_PLUGIN(cluster::Listens,
               {.name = "listens",
                .version = "1.0",
                .required_services = {CLUSTER_SERVICE_LISTENER_V1,
                                      CLUSTER_SERVICE_DATAGRAM_V1,
                                      CLUSTER_SERVICE_ACCEPTOR_V1}});
