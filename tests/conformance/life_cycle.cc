#include "tests/conformance/life_cycle.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/conformance/life_cycle_worker.h"
#include "tests/integration/scale.h"

namespace cluster {
namespace {

using std::chrono::microseconds;

constexpr size_t kMaxWorkers = 8;
constexpr int kPluginThrew = 68;
// How long all is done to the workers, and how long they have to end then.
constexpr int64_t kLifeUs = 8'000;
constexpr int64_t kEndUs = 25'000;

// On this build.
microseconds Within(int64_t us) {
  return absl::ToChronoMicroseconds(Bound(absl::Microseconds(us)));
}

char program[] = "program";
char* no_arguments[] = {program, nullptr};

}  // namespace

LifeCycle::LifeCycle(uint64_t seed, std::string folder)
    : seed_(seed), folder_(std::move(folder)), random_(seed) {}

std::vector<std::string> LifeCycle::Run() {
  cluster_.emplace(1, no_arguments, ClusterOptions{.io = &io_});
  if (random_() % 4 == 0) cluster_->set_scheduling_policy(kSchedNone);
  Listen();
  Plan();
  const int code = cluster_->run();
  if (code != 0) Wrong(absl::StrCat("run() returned ", code));
  if (!cluster_->workers().empty()) Wrong("workers() is not empty");
  if (disconnects_done_ != disconnects_asked_) {
    Wrong(absl::StrCat(disconnects_done_,
                       " callbacks of disconnect() for ",
                       disconnects_asked_,
                       " calls"));
  }
  if (messages_told_ != messages_sent_) {
    Wrong(absl::StrCat(
        messages_told_, " callbacks for ", messages_sent_, " messages"));
  }
  for (const auto& [id, life] : lives_) CheckLife(id, life);
  cluster_.reset();
  return wrong_;
}

void LifeCycle::Wrong(std::string line) {
  Note("WRONG: " + line);
  wrong_.push_back(std::move(line));
}

// ---- What is done

void LifeCycle::Plan() {
  Fork(random_());
  const uint64_t steps = 2 + random_() % 9;
  for (uint64_t i = 0; i < steps; ++i) {
    const auto delay = microseconds(random_() % kLifeUs);
    At(delay, [this, choice = random_()] { Step(choice); });
  }
  At(Within(kLifeUs), [this] { Finish(); });
}

void LifeCycle::At(microseconds delay, std::function<void()> run) {
  timers_.push_back(std::make_unique<boost::asio::steady_timer>(io_, delay));
  timers_.back()->async_wait(
      [run = std::move(run)](const boost::system::error_code& error) {
        if (!error) run();
      });
}

void LifeCycle::Step(uint64_t choice) {
  const uint64_t rest = choice / 16;
  switch (choice % 16) {
    case 0:
      Note("disconnect all");
      ++disconnects_asked_;
      return cluster_->disconnect([this] { ++disconnects_done_; });
    case 1:
    case 2:
    case 3:
      return Connect();
    case 4:
      for (const int fd : std::exchange(clients_, {})) close(fd);
      return;
    case 5:
    case 6:
    case 7:
      return Hurt(Any(rest), rest / 16);
    case 8:
    case 9:
      return Talk(Any(rest), rest / 16);
    default:
      return Fork(rest);
  }
}

void LifeCycle::Fork(uint64_t choice) {
  if (finishing_ || lives_.size() >= kMaxWorkers) return;
  const uint64_t seed = choice / 64;
  Settings settings = {
      .args = {{"life", std::to_string(seed), folder_}},
      .stdio = {{choice % 2 == 0 ? Stdio::pipe() : Stdio::ignore(),
                 choice / 2 % 2 == 0 ? Stdio::pipe() : Stdio::ignore(),
                 Stdio::inherit(),
                 Stdio::ipc()}}};
  if (choice / 4 % 16 == 0) settings.exec = "/does/not/exist";
  if (choice / 4 % 16 == 1) settings.stdio->pop_back();
  const std::shared_ptr<Worker> worker = cluster_->fork({.settings = settings});
  Note(absl::StrCat("fork ", worker->id(), " ", worker->status().ToString()));
  if (const auto output = worker->process().stream(1);
      output != nullptr && choice % 2 == 0) {
    output->on_data([](std::string_view) {});
  }
  Life& life = lives_[worker->id()];
  life.worker = worker;
  life.started = worker->status().ok();
  life.refused = !life.started && cluster_->workers().count(worker->id()) == 0;
  ListenTo(*worker);
}

void LifeCycle::Hurt(Worker& worker, uint64_t choice) {
  constexpr const char* kHow[] = {
      "disconnect", "kill", "kill -9", "close channel of"};
  const uint64_t how = choice % 4;
  Note(absl::StrCat(kHow[how], " ", worker.id()));
  if (how == 0) worker.disconnect();
  if (how == 1) worker.kill();
  if (how == 2) worker.process().kill(SIGKILL);
  if (how == 3) worker.process().disconnect();
}

Worker& LifeCycle::Any(uint64_t choice) {
  auto life = lives_.begin();
  std::advance(life, choice % lives_.size());
  return *life->second.worker;
}

SendCallback LifeCycle::Sent() {
  ++messages_sent_;
  return [this](const absl::Status&) { ++messages_told_; };
}

void LifeCycle::Talk(Worker& worker, uint64_t choice) {
  constexpr const char* kHow[] = {"send to", "ask", "ask for ever", "tell all"};
  const uint64_t how = choice % 4;
  const bool with_handle = choice / 4 % 2 == 0;
  Note(absl::StrCat(kHow[how], " ", worker.id()));
  const std::string text(choice / 8 % 200'000, 'x');
  Handle handle;
  if (with_handle) handle = Handle(socket(AF_UNIX, SOCK_STREAM, 0));
  const SendOptions options = {.keep_open = choice / 16 % 2 == 0};
  if (how == 0) {
    worker.send(text, handle, options, Sent());
  } else if (how == 3) {
    cluster_->send_to_all(text, handle, options, Sent());
  } else {
    ++messages_sent_;
    worker.request(
        text,
        how == 1 ? absl::Milliseconds(3) : absl::InfiniteDuration(),
        [this](Reply&) { ++messages_told_; },
        handle,
        options);
  }
}

void LifeCycle::Connect() {
  if (port_ == 0 || finishing_) return;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int failed =
      connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  Note(failed ? "refused" : "connected");
  clients_.push_back(fd);
}

void LifeCycle::Finish() {
  Note("finish");
  finishing_ = true;
  for (const int fd : std::exchange(clients_, {})) close(fd);
  At(Within(kEndUs), [this] {
    for (const auto& [id, life] : lives_) life.worker->kill(SIGKILL);
  });
  boost::asio::steady_timer& end = *timers_.back();
  ++disconnects_asked_;
  cluster_->disconnect([this, &end] {
    ++disconnects_done_;
    end.cancel();
  });
}

// ---- What happens

void LifeCycle::Listen() {
  cluster_->on(events::fork, [this](Worker& worker) {
    ++Told(worker, "fork").cluster.fork;
    React(worker, "fork");
  });
  cluster_->on(events::online, [this](Worker& worker) {
    ++Told(worker, "online").cluster.online;
    React(worker, "online");
  });
  cluster_->on(events::listening,
               [this](Worker& worker, const Address& address) {
                 ++Told(worker, "listening").cluster.listening;
                 if (address.port > 0) port_ = address.port;
                 React(worker, "listening");
               });
  cluster_->on(events::message,
               [this](Worker& worker, const Message& message, Handle& handle) {
                 ++Told(worker, "message").cluster.message;
                 if (!message.request()) return;
                 if (worker.id() % 3 == 0) return;  // that one waits for ever
                 cluster_->reply(message.request(), "yes", handle, {}, Sent());
               });
  cluster_->on(events::disconnect, [this](Worker& worker) {
    ++Told(worker, "disconnect").cluster.disconnect;
    React(worker, "disconnect");
  });
  cluster_->on(events::exit, [this](Worker& worker, int code, int signal) {
    ++Told(worker, "exit").cluster.exit;
    CheckEnd(worker.id(), worker, code, signal);
    React(worker, "exit");
  });
  cluster_->on(events::error, [this](Worker& worker, const absl::Status&) {
    ++Told(worker, "error").cluster.error;
  });
}

void LifeCycle::ListenTo(Worker& worker) {
  Counts& own = lives_[worker.id()].own;
  worker.on(events::online, [&own] { ++own.online; });
  worker.on(events::listening, [&own](const Address&) { ++own.listening; });
  worker.on(events::message,
            [&own](const Message&, Handle&) { ++own.message; });
  worker.on(events::disconnect, [&own] { ++own.disconnect; });
  worker.on(events::exit, [&own](int, int) { ++own.exit; });
  worker.on(events::error, [&own](const absl::Status&) { ++own.error; });
}

LifeCycle::Life& LifeCycle::Told(Worker& worker, const char* event) {
  Note(absl::StrCat("  ", event, " ", worker.id()));
  Life& life = lives_[worker.id()];
  const Counts& seen = life.cluster;
  const std::string name = event;
  const bool ended = seen.exit > 0 || !life.started;
  if (seen.disconnect > 0 && ended) {
    Wrong(absl::StrCat(event, " of ", worker.id(), " behind its last event"));
  }
  if (seen.exit > 0 && name != "disconnect") {
    Wrong(absl::StrCat(event, " of ", worker.id(), " behind its exit"));
  }
  if (seen.disconnect > 0 && name != "exit") {
    Wrong(absl::StrCat(event, " of ", worker.id(), " behind its disconnect"));
  }
  if (seen.fork == 0 && name != "fork" && name != "error") {
    Wrong(absl::StrCat(event, " of ", worker.id(), " before its fork"));
  }
  if (name == "listening" && seen.online == 0) {
    Wrong(absl::StrCat(event, " of ", worker.id(), " before its online"));
  }
  return life;
}

// The same for the same event of a worker, whenever it comes.
void LifeCycle::React(Worker& worker, const char* event) {
  std::mt19937_64 random(seed_ * 1'000'003 + worker.id() * 101 +
                         std::hash<std::string>()(event));
  random.discard(2);
  const uint64_t choice = random();
  if (choice % 12 == 0) Hurt(worker, choice / 16);
  if (choice % 12 == 1) Fork(choice / 16);
  if (choice % 12 == 2) Connect();
  if (choice % 12 == 3) Talk(worker, choice / 16);
}

// ---- What has to hold

void LifeCycle::CheckEnd(uint32_t id,
                         const Worker& worker,
                         int code,
                         int signal) {
  const bool known_code =
      code == 0 || code == kLifeCycleExit || code == kPluginThrew;
  const bool known_signal = signal == 0 || signal == SIGTERM ||
                            signal == SIGKILL || signal == kLifeCycleSignal;
  if (!known_code || !known_signal) {
    Wrong(absl::StrCat("worker ", id, " ended by ", code, ", ", signal));
  }
  const pid_t pid = lives_[id].worker->process().pid();
  if (kill(pid, 0) == 0) Wrong(absl::StrCat("process of ", id, " is there"));
}

void LifeCycle::CheckLife(uint32_t id, const Life& life) {
  const Counts& seen = life.cluster;
  Counts own = life.own;
  own.fork = seen.fork;  // has no such event
  if (!(own == seen)) {
    Wrong(absl::StrCat("worker ", id, " and the cluster were told otherwise"));
  }
  const Counts expected = {.fork = life.refused ? 0 : 1,
                           .online = seen.online,
                           .listening = seen.listening,
                           .message = seen.message,
                           .disconnect = life.refused ? 0 : 1,
                           .exit = life.started ? 1 : 0,
                           .error = life.started ? 0 : 1};
  if (!(seen == expected) || seen.online > (life.started ? 1 : 0)) {
    Wrong(absl::StrCat("worker ",
                       id,
                       ": fork ",
                       seen.fork,
                       ", online ",
                       seen.online,
                       ", disconnect ",
                       seen.disconnect,
                       ", exit ",
                       seen.exit,
                       ", error ",
                       seen.error));
  }
  if (!life.worker->is_dead()) Wrong(absl::StrCat(id, " is not dead"));
  if (life.worker->is_connected()) Wrong(absl::StrCat(id, " is connected"));
  if (life.started && !life.worker->exited_after_disconnect().has_value()) {
    Wrong(absl::StrCat("nobody knows whether ", id, " was asked to end"));
  }
}

}  // namespace cluster
