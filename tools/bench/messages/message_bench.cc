// Measures messages between a primary and its workers through core/cluster.h,
// as node/messages.js does through Node's; one JSON line.
//
//   message_bench MEASURE BYTES SECONDS WARM_SECONDS
//
// MEASURE is down (primary to worker), up, round_trip, broadcast (to 16) or
// handoff (100 MB both ways while connections come). What is sent is a string;
// who sends is told when each is written, and who gets it decodes it. What is
// measured ends when the receiver says how many came.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/cluster.h"
#include "tools/bench/messages/handoff_clients.h"

namespace cluster {
namespace {

using Clock = std::chrono::steady_clock;
using Done = std::function<void(uint64_t count)>;

constexpr size_t kHundredMegabytes = 100'000'000;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Seconds that the process has run, user and system.
double CpuOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// How many messages may be on the way: as many for each contender.
uint64_t WindowFor(size_t bytes) {
  return std::clamp<uint64_t>((size_t{1} << 20) / bytes, 4, 1024);
}

// Keeps a window of messages on the way for so long: each that is written sends
// the next.
class Pump {
 public:
  using Send = std::function<void(SendCallback)>;

  void Run(double seconds, uint64_t window, Send send, Done done) {
    send_ = std::move(send);
    done_ = std::move(done);
    seconds_ = seconds;
    begin_ = Clock::now();
    sent_ = 0;
    for (; window > 0; --window) Next();
  }

 private:
  void Next() {
    if (sent_ > 0 && SecondsSince(begin_) >= seconds_) {
      if (on_the_way_ == 0) done_(sent_);
      return;
    }
    ++on_the_way_;
    ++sent_;
    send_([this](const absl::Status& status) {
      if (!status.ok()) std::abort();
      --on_the_way_;
      Next();
    });
  }

  Send send_;
  Done done_;
  double seconds_ = 0;
  Clock::time_point begin_;
  uint64_t on_the_way_ = 0;
  uint64_t sent_ = 0;
};

struct Plan {
  std::string measure;
  size_t bytes = 0;
  double seconds = 0;
  double warm_s = 0;
};

// ---- A worker: a string is a message that is counted, or echoed; a request is
// the count, or seconds for which to send.

int RunWorker(Cluster& cluster, const Plan& plan) {
  ThisWorker& self = cluster.worker();
  const bool decodes = plan.measure != "handoff";
  const std::string text(plan.bytes, 'x');
  // Made once, as by a program with clients that wait.
  const Message made(decodes ? std::string() : text);
  const std::string id = std::to_string(self.id());
  Pump pump;
  int64_t count = 0;
  self.on(events::message, [&](const Message& message, Handle&) {
    if (!decodes && !message.request()) return;
    const absl::StatusOr<Value> value = message.value();
    if (!value.ok()) std::abort();
    if (!message.request()) {
      ++count;
      if (plan.measure == "round_trip") self.send(*value);
    } else if (value->As<double>() != nullptr) {
      const uint64_t window =
          *value->As<double>() > 0 ? WindowFor(plan.bytes) : 1;
      pump.Run(
          *value->As<double>(),
          window,
          [&](SendCallback sent) {
            decodes ? self.send(text, std::move(sent))
                    : self.send(made, std::move(sent));
          },
          [&, request = message.request()](uint64_t sent) {
            self.reply(request, static_cast<int64_t>(sent));
          });
    } else {
      self.reply(message.request(), std::exchange(count, 0));
    }
  });
  if (plan.measure == "handoff") {
    self.listen({.port = 0}, [&](Connection connection) {
      send(connection.fd(), id.data(), id.size(), MSG_NOSIGNAL);
    });
  }
  return cluster.run();
}

// ---- The primary

class Bench {
 public:
  Bench(boost::asio::io_context& io, Cluster& cluster, const Plan& plan)
      : io_(io), cluster_(cluster), plan_(plan) {
    const int workers = plan.measure == "broadcast" ? 16
                        : plan.measure == "handoff" ? 3
                                                    : 1;
    if (plan.measure == "handoff") {
      cluster.on(events::listening, [this](Worker&, const Address& address) {
        port_ = static_cast<uint16_t>(address.port);
        OnReady();
      });
    } else {
      cluster.on(events::online, [this](Worker&) { OnReady(); });
    }
    cluster.on(events::message,
               [this](Worker&, const Message& message, Handle&) {
                 // A program with clients that wait would not copy 100 MB.
                 if (large_message_) return OnMessage();
                 if (!message.value().ok()) std::abort();
                 OnMessage();
               });
    for (int i = 0; i < workers; ++i) workers_.push_back(cluster.fork());
  }

 private:
  void OnReady() {
    if (++ready_ == workers_.size()) Warm();
  }
  void Warm() {
    if (plan_.measure == "handoff") return Handoff();
    Measure(plan_.warm_s, [this](uint64_t) {
      trips_.clear();
      cpu_s_ = Cpu();
      begin_ = Clock::now();
      Measure(plan_.seconds, [this](uint64_t count) {
        Print(count);
        End();
      });
    });
  }

  void Measure(double seconds, Done done) {
    if (plan_.measure == "down") return Down(seconds, std::move(done));
    if (plan_.measure == "up") return Up(seconds, std::move(done));
    if (plan_.measure == "round_trip") return Trips(seconds, std::move(done));
    if (plan_.measure == "broadcast")
      return Broadcast(seconds, std::move(done));
    std::fprintf(stderr, "no such measure: %s\n", plan_.measure.c_str());
    std::exit(2);
  }

  void Down(double seconds, Done done) {
    pump_.Run(
        seconds,
        WindowFor(plan_.bytes),
        [this](SendCallback sent) {
          workers_[0]->send(text_, std::move(sent));
        },
        [this, done](uint64_t) { Ask(0, "count", done); });
  }
  void Up(double seconds, Done done) {
    heard_ = 0;
    Ask(0, seconds, [this, done](uint64_t sent) {
      if (heard_ != sent) std::abort();
      done(sent);
    });
  }
  void Trips(double seconds, Done done) {
    until_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(seconds));
    trips_done_ = std::move(done);
    sent_ = Clock::now();
    workers_[0]->send(text_);
  }
  void Broadcast(double seconds, Done done) {
    pump_.Run(
        seconds,
        WindowFor(plan_.bytes),
        [this](SendCallback sent) {
          cluster_.send_to_all(text_, {}, {}, std::move(sent));
        },
        [this, done](uint64_t sent) {
          left_ = workers_.size();
          for (size_t i = 0; i < workers_.size(); ++i) {
            Ask(i, "count", [this, done, sent](uint64_t count) {
              if (count != sent) std::abort();
              if (--left_ == 0) done(sent);
            });
          }
        });
  }

  // What connections wait for, while one worker gets 100 MB and another sends
  // as much, again and again.
  void Handoff() {
    // Made before anybody waits.
    large_message_.emplace(text_);
    std::vector<pid_t> pids;
    for (const auto& worker : workers_) pids.push_back(worker->process().pid());
    clients_.emplace(port_, pids, [this] {
      boost::asio::post(io_, [this] { OnClientsEnd(); });
    });
    cpu_s_ = Cpu();
    begin_ = Clock::now();
    HandoffRound();
  }
  void HandoffRound() {
    if (SecondsSince(begin_) >= plan_.seconds) {
      clients_->Stop();  // its last client has to be served
      return;
    }
    left_ = 2;
    const auto one = [this] {
      ++large_;
      if (--left_ == 0) HandoffRound();
    };
    workers_[0]->send(*large_message_, [one](const absl::Status&) { one(); });
    Ask(1, 0.0, [one](uint64_t) { one(); });
  }
  void OnClientsEnd() {
    clients_->Join();
    trips_ = clients_->waits_us();
    std::printf("{\"large_messages\": %zu, \"workers\": ", large_);
    clients_->PrintWorkers();
    std::printf(", ");
    Print(trips_.size(), /*open_brace=*/false);
    End();
  }

  void OnMessage() {
    ++heard_;
    if (plan_.measure != "round_trip") return;
    trips_.push_back(SecondsSince(sent_) * 1e6);
    if (Clock::now() >= until_) return trips_done_(trips_.size());
    sent_ = Clock::now();
    workers_[0]->send(text_);
  }

  void Ask(size_t worker, Value what, Done done) {
    workers_[worker]->request(
        std::move(what), absl::InfiniteDuration(), [done](Reply& reply) {
          const absl::StatusOr<Value> value = reply.message.value();
          if (!reply.ok() || !value.ok()) std::abort();
          done(static_cast<uint64_t>(*value->As<int64_t>()));
        });
  }

  double Cpu() const {
    double seconds = CpuOf(getpid());
    for (const auto& worker : workers_) {
      seconds += CpuOf(worker->process().pid());
    }
    return seconds;
  }
  void Print(uint64_t count, bool open_brace = true) {
    const double elapsed_s = SecondsSince(begin_);
    const double each = static_cast<double>(std::max<uint64_t>(count, 1));
    std::printf("%s\"rate\": %.1f, \"cpu_us\": %.4f",
                open_brace ? "{" : "",
                each / elapsed_s,
                (Cpu() - cpu_s_) * 1e6 / each);
    std::sort(trips_.begin(), trips_.end());
    const auto at = [&](double quantile) {
      const auto n =
          static_cast<size_t>(quantile * static_cast<double>(trips_.size()));
      return trips_[std::min(n, trips_.size() - 1)];
    };
    if (!trips_.empty()) {
      std::printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f",
                  at(0.5),
                  at(0.99),
                  trips_.back());
    }
    std::printf("}\n");
  }
  void End() {
    for (const auto& worker : workers_) worker->kill(SIGKILL);
  }

  boost::asio::io_context& io_;
  Cluster& cluster_;
  const Plan plan_;
  std::string text_ = std::string(plan_.bytes, 'x');
  std::vector<std::shared_ptr<Worker>> workers_;
  Pump pump_;
  Clock::time_point begin_, until_, sent_;
  double cpu_s_ = 0;
  size_t ready_ = 0;
  uint64_t heard_ = 0;
  size_t left_ = 0;
  Done trips_done_;
  std::vector<double> trips_;
  // Of handoff.
  uint16_t port_ = 0;
  std::optional<Message> large_message_;
  size_t large_ = 0;
  std::optional<HandoffClients> clients_;
};

int Main(int argc, char** argv) {
  boost::asio::io_context io{1};
  Cluster cluster(argc, argv, {.io = &io});
  if (argc != 5) {
    std::fprintf(stderr,
                 "usage: message_bench MEASURE BYTES SECONDS WARM_SECONDS\n");
    return 2;
  }
  const Plan plan = {.measure = argv[1],
                     .bytes = argv[1] == std::string("handoff")
                                  ? kHundredMegabytes
                                  : std::stoul(argv[2]),
                     .seconds = std::atof(argv[3]),
                     .warm_s = std::atof(argv[4])};
  if (cluster.is_worker()) return RunWorker(cluster, plan);
  const Bench bench(io, cluster, plan);
  return cluster.run();
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) { return cluster::Main(argc, argv); }
