#include "tests/conformance/life_cycle_worker.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

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
    if (OneIn(2)) (void)self().host().OnMessage([](const sdk::Message&) {});
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
    switch (Below(12)) {
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
      default:
        return Listen();
    }
  }

  void Listen() {
    ListenOptions options = {.host = "127.0.0.1"};
    if (OneIn(3)) options = {.path = Path()};
    options.exclusive = options.path.empty() && OneIn(4);
    const int how = Below(8);
    self().listen(
        options,
        [this, how](Connection connection) {
          if (how == 0) throw std::runtime_error("thrown");
          if (how < 4) kept_.push_back(std::move(connection));
        },
        [this, how](const Address&) {
          if (how == 7) self().disconnect();
        });
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
    (void)self().host().Send(sdk::To::Others(), "take it", ends);
  }

  std::string Path() { return folder_ + (OneIn(2) ? "/one" : "/two"); }

  Cluster& cluster_;
  const std::string folder_;
  std::mt19937_64 random_;
  std::vector<sdk::Timer> timers_;
  std::vector<Connection> kept_;
};

}  // namespace

int LifeCycleWorker(Cluster& cluster, uint64_t seed, std::string folder) {
  return RandomWorker(cluster, seed, std::move(folder)).Run();
}

}  // namespace cluster
