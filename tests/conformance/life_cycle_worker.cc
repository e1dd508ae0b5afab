#include "tests/conformance/life_cycle_worker.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "plugins/sdk/descriptor.h"
#include "plugins/sdk/listeners.h"

namespace cluster {
namespace {

using std::chrono::microseconds;

[[noreturn]] void Hang() {
  for (;;) pause();
}

class RandomWorker {
 public:
  RandomWorker(Cluster& cluster, uint64_t seed, std::string folder)
      : cluster_(cluster), folder_(std::move(folder)), random_(seed) {}

  int Run() {
    self().on(events::error, [](const absl::Status&) {});
    if (OneIn(2)) Hear();
    if (OneIn(12)) return kLifeCycleExit;
    if (OneIn(12)) self().disconnect();
    if (OneIn(15)) self().kill();
    if (OneIn(15)) Hang();
    if (!OneIn(4)) Listen();
    const int steps = Below(5);
    for (int i = 0; i < steps; ++i) {
      auto timer = self().host().StartTimer(microseconds(Below(6'000)),
                                            [this] { Step(); });
      if (timer.ok()) timers_.push_back(*std::move(timer));
    }
    return cluster_.run();
  }

 private:
  ThisWorker& self() { return cluster_.worker(); }
  int Below(int bound) {
    return static_cast<int>(random_() % static_cast<uint64_t>(bound));
  }
  bool OneIn(int count) { return Below(count) == 0; }

  void Step() {
    switch (Below(15)) {
      case 0:
        return (void)self().disconnect();
      case 1:
        return self().kill();
      case 2:
        std::_Exit(kLifeCycleExit);
      case 3:
        raise(kLifeCycleSignal);
        return;
      case 4:
        return Send();
      case 5:
        return SendDescriptor();
      case 6:
        return ListenAndClose();
      case 7:
        if (OneIn(3)) Hang();
        return;
      case 8:
        return Ask();
      case 9:
      case 10:
        return OpenAnew();
      default:
        return Listen();
    }
  }

  // Answers requests, or not, and lets go of handles, or sends them back.
  void Hear() {
    const int how = Below(4);
    self().on(events::message,
              [this, how](const Message& message, Handle& handle) {
                if (how == 0) throw std::runtime_error("thrown");
                if (how == 1 || !message.request()) return;
                self().reply(message.request(), "yes", handle);
              });
  }

  void Ask() {
    const auto replied = [](Reply&) {};
    const bool for_long = OneIn(2);
    const absl::Duration deadline =
        for_long ? absl::Seconds(20) : absl::Milliseconds(1);
    if (OneIn(2)) return self().request("?", deadline, replied);
    const auto other = static_cast<uint32_t>(1 + Below(8));
    self().request_to(other, "?", deadline, replied);
  }

  // Closes a server, and may listen with it again, before it is closed.
  void OpenAnew() {
    if (servers_.empty()) return Listen();
    const auto server =
        servers_[static_cast<size_t>(Below(static_cast<int>(servers_.size())))];
    if (OneIn(2)) {
      server->close([](const absl::Status&) {});
    } else {
      server->close();
    }
    if (!OneIn(3)) (void)server->listen(Anywhere());
  }

  ListenOptions Anywhere() {
    ListenOptions options = {.host = "127.0.0.1"};
    if (OneIn(3)) options = {.path = Path()};
    options.exclusive = options.path.empty() && OneIn(4);
    return options;
  }

  void Listen() {
    const ListenOptions options = Anywhere();
    const int how = Below(8);
    servers_.push_back(self().listen(
        options,
        [this, how](Connection connection) {
          if (how == 0) throw std::runtime_error("thrown");
          if (how < 4) kept_.push_back(std::move(connection));
        },
        [this, how](const Address&) {
          if (how == 7) self().disconnect();
        }));
  }

  void ListenAndClose() {
    const sdk::Listeners listeners(self().host());
    const bool at_once = OneIn(2);
    (void)listeners.Listen(
        OneIn(2) ? "127.0.0.1:0" : "unix:" + Path(),
        {},
        [this, listeners, at_once](sdk::Result<uint32_t> listener) {
          if (!listener.ok()) return;
          if (at_once) return (void)listeners.Close(*listener);
          auto timer = self().host().StartTimer(
              microseconds(500), [listeners, number = *listener] {
                (void)listeners.Close(number);
              });
          if (timer.ok()) timers_.push_back(*std::move(timer));
        });
  }

  void Send() {
    const std::string payload(static_cast<size_t>(Below(100'000)), 'x');
    (void)self().host().Send(OneIn(8) ? sdk::To::Primary() : sdk::To::Others(),
                             payload);
  }

  void SendDescriptor() {
    std::array<int, 2> ends;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      return;
    }
    const sdk::Descriptor first(ends[0]);
    const sdk::Descriptor second(ends[1]);
    (void)self().host().Send(
        OneIn(2) ? sdk::To::Primary() : sdk::To::Others(), "take it", ends);
  }

  std::string Path() { return folder_ + (OneIn(2) ? "/one" : "/two"); }

  Cluster& cluster_;
  const std::string folder_;
  std::mt19937_64 random_;
  std::vector<sdk::Timer> timers_;
  std::vector<Connection> kept_;
  std::vector<std::shared_ptr<Server>> servers_;
};

}  // namespace

int LifeCycleWorker(Cluster& cluster, uint64_t seed, std::string folder) {
  return RandomWorker(cluster, seed, std::move(folder)).Run();
}

}  // namespace cluster
