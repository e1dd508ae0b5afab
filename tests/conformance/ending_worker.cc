#include "tests/conformance/ending_worker.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster {
namespace {

void Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

const ListenOptions kLoopback = {.host = "127.0.0.1"};

int Asked(Cluster& cluster, const std::string& word) {
  ThisWorker& self = cluster.worker();
  const auto print = [&self] {
    const std::optional<bool> asked = self.exited_after_disconnect();
    Print(!asked ? "unknown " : *asked ? "yes " : "no ");
  };
  print();
  self.on(events::disconnect, print);
  self.listen(
      kLoopback,
      [](Connection) {},
      [&](const Address&) {
        if (word == "self") self.disconnect();
      });
  return cluster.run();
}

int States(Cluster& cluster) {
  ThisWorker& self = cluster.worker();
  const auto print = [&self] {
    const char* name = "other";
    if (self.state() == WorkerState::kOnline) name = "online ";
    if (self.state() == WorkerState::kListening) name = "listening ";
    if (self.state() == WorkerState::kDisconnected) name = "disconnected ";
    Print(name);
    if (self.is_dead()) Print("dead ");
  };
  print();
  self.on(events::disconnect, print);
  self.listen(
      kLoopback,
      [](Connection) {},
      [&, print](const Address&) {
        print();
        self.disconnect();
        print();
      });
  return cluster.run();
}

int Linger(Cluster& cluster, const std::string& word) {
  const auto timer =
      cluster.worker().host().StartTimer(std::chrono::hours(1), [] {});
  cluster.worker().on(events::disconnect, [&cluster] {
    Print(cluster.worker().is_connected() ? "connected, " : "disconnected, ");
  });
  cluster.worker().listen(kLoopback, [](Connection) {});
  if (word == "udp") {
    cluster.worker().bind({.address = "127.0.0.1"},
                          [](std::string_view, const Address&) {});
  }
  const int code = cluster.run();
  Print("returned");
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  Print(", finished");
  return code;
}

int Twice(Cluster& cluster) {
  ThisWorker& self = cluster.worker();
  std::vector<Connection> kept;
  self.on(events::disconnect, [] { Print(" disconnected"); });
  const auto watch =
      self.host().StartWatch(STDIN_FILENO, CLUSTER_READABLE, [&](uint32_t) {
        self.kill();
        self.kill();
      });
  self.listen(kLoopback, [&](Connection connection) {
    kept.push_back(std::move(connection));
    self.disconnect();
    self.disconnect();
    Print("asked");
  });
  return cluster.run();
}

// Nothing tells a worker that its primary wants it to end: it looks.
class KillThen {
 public:
  explicit KillThen(Cluster& cluster) : cluster_(cluster) {}

  int Run() {
    cluster_.worker().listen(kLoopback, [this](Connection connection) {
      kept_.push_back(std::move(connection));
      Print("kept");
      Look();
    });
    return cluster_.run();
  }

 private:
  void Look() {
    ThisWorker& self = cluster_.worker();
    if (self.exited_after_disconnect().has_value()) return self.kill();
    auto timer = self.host().StartTimer(std::chrono::milliseconds(1),
                                        [this] { Look(); });
    if (timer.ok()) timers_.push_back(*std::move(timer));
  }

  Cluster& cluster_;
  std::vector<Connection> kept_;
  std::vector<sdk::Timer> timers_;
};

int AsksAndExits(Cluster& cluster) {
  cluster.worker().listen(
      kLoopback,
      [](Connection) {},
      [&](const Address&) {
        cluster.worker().disconnect();
        std::exit(7);
      });
  return cluster.run();
}

int Throws(Cluster& cluster) {
  cluster.worker().listen(
      kLoopback, [](Connection) { throw std::runtime_error("thrown"); });
  return cluster.run();
}

int Block(Cluster& cluster) {
  sigset_t woken;
  sigemptyset(&woken);
  sigaddset(&woken, SIGUSR1);
  sigprocmask(SIG_BLOCK, &woken, nullptr);
  cluster.worker().listen(kLoopback, [&](Connection connection) {
    (void)!::send(connection.fd(), "blocked\n", 8, MSG_NOSIGNAL);
    Print("blocked");
    int signal = 0;
    sigwait(&woken, &signal);
  });
  return cluster.run();
}

int Events(Cluster& cluster) {
  int count = 0;
  const auto note = [&](auto&&...) { ++count; };
  cluster.on(events::fork, note);
  cluster.on(events::online, note);
  cluster.on(events::listening, note);
  cluster.on(events::disconnect, note);
  cluster.on(events::exit, note);
  cluster.on(events::setup, note);
  cluster.on(events::error, note);
  cluster.worker().on(events::disconnect, [] { Print("its own and "); });
  cluster.worker().listen(
      kLoopback,
      [](Connection) {},
      [&](const Address&) { cluster.worker().disconnect(); });
  const int code = cluster.run();
  Print(std::to_string(count));
  return code;
}

int Tells(Cluster& cluster) {
  (void)cluster.worker().host().Send(sdk::To::Others(),
                                     std::string(1 << 20, 'x'));
  cluster.worker().disconnect();
  return cluster.run();
}

int Sockets(Cluster& cluster) {
  cluster.worker().listen(
      kLoopback,
      [](Connection) {},
      [](const Address&) {
        int listen = 0;
        for (int fd = 0; fd < 64; ++fd) {
          int accepts = 0;
          socklen_t size = sizeof(accepts);
          getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size);
          listen += accepts;
        }
        Print(std::to_string(listen));
      });
  return cluster.run();
}

}  // namespace

std::optional<int> EndingWorker(Cluster& cluster,
                                const std::string& does,
                                const std::string& word) {
  if (does == "asked") return Asked(cluster, word);
  if (does == "states") return States(cluster);
  if (does == "linger") return Linger(cluster, word);
  if (does == "twice") return Twice(cluster);
  if (does == "kill then") return KillThen(cluster).Run();
  if (does == "asks and exits") return AsksAndExits(cluster);
  if (does == "throws") return Throws(cluster);
  if (does == "block") return Block(cluster);
  if (does == "events") return Events(cluster);
  if (does == "tells") return Tells(cluster);
  if (does == "sockets") return Sockets(cluster);
  return std::nullopt;
}

}  // namespace cluster
