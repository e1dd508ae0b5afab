#include "tests/conformance/worker_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/cluster/typed_message.h"
#include "tests/conformance/agent.h"
#include "tests/conformance/ending_worker.h"
#include "tests/conformance/obedient_worker.h"

namespace cluster {
namespace {

void Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

std::string OpenDescriptors() {
  std::string text;
  for (int fd = 0; fd < 16; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) text += std::to_string(fd) + " ";
  }
  return text;
}

std::string Describe(Cluster& cluster, std::string_view what, char** argv) {
  if (what == "role") return cluster.is_worker() ? "worker" : "primary";
  if (what == "id") return std::to_string(cluster.worker().id());
  if (what == "cwd") {
    char directory[4096];
    return getcwd(directory, sizeof(directory)) == nullptr ? "?" : directory;
  }
  if (what == "uid") {
    return std::to_string(getuid()) + "/" + std::to_string(getgid());
  }
  if (what == "fds") return OpenDescriptors();
  if (what == "args") {
    std::string text;
    for (char** word = argv + 1; *word != nullptr; ++word) {
      text += std::string("[") + *word + "]";
    }
    return text;
  }
  const std::string name(what.substr(std::strlen("env:")));
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "(none)" : value;
}

void Echo(int fd) {
  char bytes[4096];
  const int to = fd == STDIN_FILENO ? STDOUT_FILENO : fd;
  ssize_t count;
  // What is written blocks until all of it is.
  while ((count = read(fd, bytes, sizeof(bytes))) > 0 &&
         write(to, bytes, static_cast<size_t>(count)) == count) {
  }
}

void OnTrapped(int) { (void)!write(STDOUT_FILENO, "trapped", 7); }

[[noreturn]] void LeaveChild() {
  // Not exec'ed: it has the channel, and reads what the primary never writes.
  if (fork() == 0) {
    char byte;
    (void)!read(STDIN_FILENO, &byte, 1);
  }
  _exit(0);
}

void PrintGrandchildsRole() {
  std::fflush(stdout);
  (void)!std::system("/proc/$PPID/exe role");
}

// Keeps connections until their peers close them.
class Holder {
 public:
  explicit Holder(Cluster& cluster) : cluster_(cluster) {}

  void Take(Connection connection) {
    (void)!::send(connection.fd(), "held\n", 5, MSG_NOSIGNAL);
    Print("held");
    const uint64_t id = connection.id();
    const int fd = connection.fd();
    connections_.emplace(id, std::move(connection));
    auto watch = cluster_.worker().host().StartWatch(
        fd, CLUSTER_READABLE, [this, id](uint32_t) {
          watches_.erase(id);
          connections_.erase(id);
        });
    if (watch.ok()) watches_.emplace(id, *std::move(watch));
  }

 private:
  Cluster& cluster_;
  std::map<uint64_t, Connection> connections_;
  std::map<uint64_t, sdk::Watch> watches_;
};

int Serve(Cluster& cluster, const std::string& does, const std::string& how) {
  ThisWorker& self = cluster.worker();
  Holder holder(cluster);
  self.on(events::disconnect, [&self] {
    Print(self.is_connected() ? "still connected" : "disconnected");
  });
  ListenOptions options = {.host = "127.0.0.1"};
  options.exclusive = how == "exclusive";
  if (how.starts_with("fd=")) options = {.fd = std::atoi(how.c_str() + 3)};
  self.listen(
      options,
      [&](Connection connection) {
        if (does == "kill") self.kill();
        if (does != "serve") return holder.Take(std::move(connection));
        (void)!::send(connection.fd(), "hello\n", 6, MSG_NOSIGNAL);
      },
      [&](const Address&) {
        if (does == "disconnect") self.disconnect();
      });
  return cluster.run();
}

// What is told when the channel is gone: the codes of send()'s callback, and of
// the event.
int SendAfterDisconnect(Cluster& cluster) {
  ThisWorker& self = cluster.worker();
  self.on(events::disconnect, [&self] {
    const bool went = self.send("x", [](const absl::Status& why) {
      Print(", told " + std::to_string(static_cast<int>(why.code())));
    });
    Print(went ? "true" : "false");
    self.on(events::error, [](const absl::Status& why) {
      Print(", error " + std::to_string(static_cast<int>(why.code())));
    });
    self.send("y");
  });
  return cluster.run();
}

int Sum(Cluster& cluster) {
  ThisWorker& self = cluster.worker();
  self.on(events::message, [&self](const Message& message, Handle&) {
    const auto numbers = unpack<std::vector<int>>(message);
    if (!numbers.ok()) std::abort();
    self.send(pack(std::accumulate(numbers->begin(), numbers->end(), 0)));
  });
  return cluster.run();
}

// Of those that a service manager has opened; -1 without any.
int FirstPassedSocket() {
  const auto passed = TakePassedSockets();
  return passed.ok() && !passed->empty() ? passed->front().fd : -1;
}

}  // namespace

int WorkerProgram(Cluster& cluster, int argc, char** argv) {
  const std::string does = argc > 1 ? argv[1] : "idle";
  const std::string word = argc > 2 ? argv[2] : "";
  if (does == "obey") return ObedientWorker(cluster, word);
  if (const auto code = EndingWorker(cluster, does, word)) return *code;
  if (does == "exit") return std::atoi(word.c_str());
  if (does == "abort") std::abort();
  if (does == "throw") throw std::runtime_error("thrown");
  if (does == "trap") {
    signal(SIGTERM, &OnTrapped);
    Print("ready");
  }
  for (int i = 2; does == "print" && i < argc; ++i) {
    Print((i > 2 ? " " : "") + Describe(cluster, argv[i], argv));
    // What follows is there to be shown.
    if (std::string_view(argv[i]) == "args") break;
  }
  if (does == "print") return 0;
  if (does == "call" && word == "fork") cluster.fork();
  if (does == "call") cluster.set_scheduling_policy("none");
  if (does == "echo") Echo(std::atoi(word.c_str()));
  if (does == "echo") return 0;
  if (does == "shut") {
    shutdown(std::atoi(word.c_str()), SHUT_RDWR);
    Print("shut");
  }
  if (does == "leave") LeaveChild();
  if (does == "grandchild") PrintGrandchildsRole();
  if (does == "grandchild") return 0;
  if (does == "send after disconnect") return SendAfterDisconnect(cluster);
  if (does == "sum") return Sum(cluster);
  if (does == "agent") return RunAgent(cluster, word);
  if (does == "tell") {
    TellAndEnd(cluster,
               std::atoi(word.c_str()),
               std::atoi(argv[3]),
               argc > 4 ? argv[4] : "");
  }
  for (volatile bool busy = does == "busy"; busy;) {
  }
  if (does == "serve" || does == "hold" || does == "disconnect" ||
      does == "kill") {
    return Serve(cluster, does, word);
  }
  return cluster.run();
}

bool IsOtherProgram(const char* name) {
  return std::string_view(name) == "role" ||
         std::string_view(name) == "primary";
}

int OtherProgram(int argc, char** argv) {
  Cluster cluster(argc, argv);
  if (std::string_view(argv[1]) == "role") {
    Print(cluster.is_primary() ? "primary" : "worker");
    return 0;
  }
  const std::string does = argc > 2 ? argv[2] : "hold";
  std::string how = argc > 3 ? argv[3] : "";
  if (how == "passed") how = "fd=" + std::to_string(FirstPassedSocket());
  if (how == "traps") signal(SIGTERM, &OnTrapped);
  if (how == "throws") std::set_terminate([] { std::_Exit(42); });
  const auto worker = cluster.fork({.settings = {.args = {{does, how}}}});
  cluster.on(events::listening, [&](Worker&, const Address& address) {
    Print(std::to_string(worker->process().pid()) + " " +
          std::to_string(address.port) + "\n");
    if (how == "throws") throw std::runtime_error("thrown");
    if (how == "exits") std::exit(0);
  });
  return cluster.run();
}

}  // namespace cluster
