// Measures messages between a primary and its workers; one JSON line.
//
//   message_bench PLUGIN MEASURE BYTES SECONDS WARM_SECONDS
//
// MEASURE is down (primary to worker), up, round_trip, broadcast (to 16) or
// handoff (100 MB both ways while connections come). Each message that the
// primary sends has a function that is told when the kernel has it. What is
// measured ends when the receiver says how many came.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/primary/messages/message_payload.h"
#include "core/primary/messages/primary_mailbox.h"
#include "core/primary/primary.h"
#include "core/primary/primary_observer.h"
#include "core/primary/primary_options.h"
#include "core/primary/replacement.h"
#include "core/primary/worker_spec.h"
#include "core/worker/worker_main.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "ipc/shared_bytes.h"

namespace cluster {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kHundredMegabytes = 100'000'000;
constexpr uint64_t kAckEvery = 64;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Seconds that the process has run, user and system.
double CpuOf(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
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

class Bench : private PrimaryObserver {
 public:
  Bench(const std::string& plugin, size_t bytes, uint32_t workers)
      : bytes_(bytes), workers_(workers) {
    signal(SIGPIPE, SIG_IGN);
    UniqueFd listener = *OpenListener(*ParseListenAddress("127.0.0.1:0"));
    address_ = *LocalAddress(listener.get());
    PrimaryOptions options;
    options.sockets.push_back(std::move(listener));
    options.drain_timeout = absl::Seconds(30);
    options.kill_at_end = true;
    plugin_file_.Reset(open(plugin.c_str(), O_RDONLY | O_CLOEXEC));
    options.replacement = {.program = {.name = "message_bench",
                                       .plugin_path = plugin,
                                       .plugin_file = plugin_file_.get()},
                           .workers = workers};
    PrimaryObserver& observer = *this;
    primary_.emplace(io_, std::move(options), observer);
    if (const absl::Status status = primary_->Start(); !status.ok()) {
      std::fprintf(stderr, "%s\n", status.ToString().c_str());
      std::exit(1);
    }
    mailbox().Open();
    RunUntil([&] { return listening_ == workers_; });
  }
  ~Bench() override {
    primary_->Drain();
    primary_->Run();
  }

  // Each of these takes about `seconds`.
  void Down(double seconds) {
    Begin();
    // Lent where it is small, shared where it is large: see MessagePayload.
    const SharedBytes bytes{std::vector<std::byte>(bytes_)};
    const bool is_large = bytes_ >= (size_t{8} << 10);
    Pump(seconds, [&](MessageDone done) {
      (void)mailbox().Send(
          1,
          is_large ? MessagePayload(bytes) : MessagePayload(bytes.span()),
          {.fds = {}, .done = done});
    });
    End(std::stoul(Ask(1, "count")));
  }
  void Broadcast(double seconds) {
    Begin();
    const SharedBytes payload{std::vector<std::byte>(bytes_)};
    Pump(seconds, [&](MessageDone done) {
      (void)mailbox().SendToAll(MessagePayload(payload),
                                {.fds = {}, .done = done});
    });
    uint64_t count = 0;
    for (uint32_t id = 1; id <= workers_; ++id) {
      count += std::stoul(Ask(id, "count"));
    }
    End(count / workers_);
  }
  void Up(double seconds) {
    uint64_t heard = 0;
    mailbox().OnMessage([&](MailboxMessage&) {
      if (++heard % kAckEvery != 0 && bytes_ < 4096) return;
      const uint64_t more = bytes_ < 4096 ? kAckEvery : 1;
      (void)mailbox().Send(1, MessagePayload(absl::StrCat("ack ", more)));
    });
    Begin();
    const std::string sent = Ask(1,
                                 absl::StrCat("pump ",
                                              bytes_,
                                              " ",
                                              int64_t(seconds * 1000),
                                              " ",
                                              WindowFor(bytes_)));
    End(std::stoul(sent));
  }
  void RoundTrip(double seconds) {
    Begin();
    const std::string text(bytes_, 'x');
    trips_.clear();
    while (SecondsSince(begin_) < seconds) {
      const Clock::time_point sent = Clock::now();
      Ask(1, text);
      trips_.push_back(SecondsSince(sent) * 1e6);
    }
    End(trips_.size());
  }
  // The waits of connections meanwhile are what is measured.
  void Handoff(double seconds, bool with_messages) {
    // Before anybody waits: to make it takes this thread some 40 ms.
    const SharedBytes large{std::vector<std::byte>(kHundredMegabytes)};
    Begin();
    std::atomic<bool> done = false, ended = false;
    trips_.clear();
    std::thread clients([&] {
      // The wait at the other two is their own: they handle 100 MB.
      while (!done) {
        double us = 0;
        if (ConnectOnce(&us) == '3') trips_.push_back(us);
      }
      ended = true;
    });
    uint64_t passed = 0;
    mailbox().OnMessage([&](MailboxMessage&) { ++passed; });
    while (SecondsSince(begin_) < seconds) {
      if (with_messages) {
        bool told = false;
        (void)mailbox().Send(
            1, MessagePayload(large), {.fds = {}, .done = [&](const auto&) {
                                         told = true;
                                       }});
        Ask(2, absl::StrCat("pump ", kHundredMegabytes, " 0 1"));
        RunUntil([&] { return told; });
        ++passed;
      } else {
        io_.run_one_for(std::chrono::milliseconds(10));
      }
    }
    done = true;
    RunUntil([&] { return ended.load(); });
    clients.join();
    End(trips_.size());
    std::printf("{\"large_messages\": %llu, ",
                static_cast<unsigned long long>(passed));
  }

  void Print(bool open_brace = true) {
    const auto at = [&](double quantile) {
      const size_t n = static_cast<size_t>(quantile * double(trips_.size()));
      return trips_[std::min(n, trips_.size() - 1)];
    };
    std::sort(trips_.begin(), trips_.end());
    std::printf("%s\"rate\": %.1f, \"cpu_us\": %.4f",
                open_brace ? "{" : "",
                count_ / elapsed_s_,
                cpu_s_ * 1e6 / count_);
    if (!trips_.empty()) {
      std::printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f",
                  at(0.5),
                  at(0.99),
                  trips_.back());
    }
    std::printf("}\n");
  }

 private:
  PrimaryMailbox& mailbox() { return primary_->messages(); }

  void RunUntil(const std::function<bool()>& fact) {
    while (!fact()) io_.run_one_for(std::chrono::milliseconds(100));
  }
  std::string Ask(uint32_t worker, const std::string& text) {
    std::optional<std::string> answer;
    const absl::Status status = mailbox().Request(
        worker,
        MessagePayload(absl::string_view(text)),
        absl::InfiniteDuration(),
        [&](absl::StatusOr<MailboxMessage> reply) {
          answer.emplace(
              reinterpret_cast<const char*>(reply.value().bytes.data()),
              reply->bytes.size());
        });
    if (!status.ok()) std::abort();
    while (!answer.has_value()) io_.run_one();
    return *std::move(answer);
  }
  // Keeps a window of messages on the way for so long: each that is done sends
  // the next.
  void Pump(double seconds, const std::function<void(MessageDone)>& send) {
    uint64_t on_the_way = 0;
    bool over = false;
    std::function<void(const absl::Status&)> next = [&](const absl::Status&) {
      --on_the_way;
      if (over) return;
      ++on_the_way;
      send(std::ref(next));
    };
    for (uint64_t left = WindowFor(bytes_); left > 0; --left) {
      ++on_the_way;
      send(std::ref(next));
    }
    while (!over) {
      io_.run_one();
      over = SecondsSince(begin_) >= seconds;
    }
    RunUntil([&] { return on_the_way == 0; });
  }
  // Returns who answered.
  char ConnectOnce(double* us) {
    const Clock::time_point begin = Clock::now();
    const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    char text[8] = "";
    if (connect(fd.get(),
                reinterpret_cast<const sockaddr*>(&address_.storage),
                address_.length) != 0 ||
        recv(fd.get(), text, sizeof(text), 0) <= 0) {
      std::fprintf(stderr, "a connection failed\n");
    }
    *us = SecondsSince(begin) * 1e6;
    return text[0];
  }

  double Cpu() const {
    double seconds = CpuOf(getpid());
    for (const pid_t pid : pids_) seconds += CpuOf(pid);
    return seconds;
  }
  void Begin() {
    cpu_s_ = Cpu();
    begin_ = Clock::now();
  }
  void End(uint64_t count) {
    elapsed_s_ = SecondsSince(begin_);
    cpu_s_ = Cpu() - cpu_s_;
    count_ = static_cast<double>(std::max<uint64_t>(count, 1));
  }

  void OnEvent(const WorkerEvent& event) override {
    if (event.kind == WorkerEventKind::kFork) pids_.push_back(event.pid);
    if (event.kind == WorkerEventKind::kListening) ++listening_;
  }
  void OnLog(uint32_t, pid_t, int, absl::string_view text) override {
    std::fprintf(stderr, "%s\n", std::string(text).c_str());
  }
  void OnOutput(uint32_t, pid_t, int, absl::string_view) override {}

  const size_t bytes_;
  const uint32_t workers_;
  boost::asio::io_context io_{1};
  ListenAddress address_;
  UniqueFd plugin_file_;
  std::optional<Primary> primary_;
  std::vector<pid_t> pids_;
  uint32_t listening_ = 0;
  Clock::time_point begin_;
  double cpu_s_ = 0;
  double elapsed_s_ = 0;
  double count_ = 1;
  std::vector<double> trips_;
};

int Main(const std::vector<std::string>& words) {
  if (words.size() != 6) {
    std::fprintf(stderr, "wants PLUGIN MEASURE BYTES SECONDS WARM_SECONDS\n");
    return 2;
  }
  const std::string& measure = words[2];
  const double seconds = std::atof(words[4].c_str());
  const double warm_s = std::atof(words[5].c_str());
  const uint32_t workers = measure == "broadcast" ? 16
                           : measure == "handoff" ? 3
                                                  : 1;
  Bench bench(words[1], std::stoul(words[3]), workers);
  for (const double duration : {warm_s, seconds}) {
    if (measure == "down") bench.Down(duration);
    if (measure == "up") bench.Up(duration);
    if (measure == "round_trip") bench.RoundTrip(duration);
    if (measure == "broadcast") bench.Broadcast(duration);
  }
  if (measure == "handoff") bench.Handoff(seconds, /*with_messages=*/true);
  bench.Print(/*open_brace=*/measure != "handoff");
  return 0;
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  if (cluster::IsWorkerProcess()) return cluster::WorkerMain();
  return cluster::Main({argv, argv + argc});
}
