#include "tests/conformance/agent.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iterator>
#include <list>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/conformance/sockets.h"

namespace cluster {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(20);

std::string TextOf(const Message& message) {
  const absl::StatusOr<Value> value = message.value();
  const std::string* const text =
      value.ok() ? value->As<std::string>() : nullptr;
  return text == nullptr ? "" : *text;
}

void SetNonBlocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

// A connected pair of `kind`.
std::pair<Handle, Handle> PairOf(const std::string& kind) {
  int fds[2] = {-1, -1};
  if (kind == "unix") {
    (void)socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
    return {Handle(fds[0]), Handle(fds[1])};
  }
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const to = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  const int type = (kind == "udp" ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
  Handle bound(socket(AF_INET, type, 0));
  Handle other(socket(AF_INET, type, 0));
  (void)bind(bound.fd(), to, length);
  if (kind != "udp") listen(bound.fd(), 1);
  (void)getsockname(bound.fd(), to, &length);
  (void)connect(other.fd(), to, length);
  if (kind == "listener") return {std::move(other), std::move(bound)};
  if (kind == "tcp") {
    bound = Handle(accept4(bound.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  if (kind == "udp") {
    length = sizeof(address);
    (void)getsockname(other.fd(), to, &length);
    (void)connect(bound.fd(), to, length);
  }
  return {std::move(bound), std::move(other)};
}

class Agent {
 public:
  explicit Agent(Cluster& cluster) : self_(cluster.worker()) {}

  void Listen() {
    self_.on(events::message, [this](const Message& message, Handle& handle) {
      OnMessage(message, handle);
    });
  }
  void Greet(int fd) {
    const std::string text = absl::StrCat("worker ", self_.id());
    (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  }

  // Until its peer closes it.
  void Hold(Connection connection) {
    const int fd = connection.fd();
    held_.push_back({std::move(connection), {}});
    const auto last = std::prev(held_.end());
    auto watch = self_.host().StartWatch(
        fd, CLUSTER_READABLE, [this, last](uint32_t) { held_.erase(last); });
    if (!watch.ok()) std::abort();
    last->watch = *std::move(watch);
    self_.send("held");
  }
  // Listens on a free port, and does with connections what `take` does.
  void ListenAnywhere(Server::OnConnection take) {
    servers_.push_back(self_.listen({.host = "127.0.0.1"}, std::move(take)));
  }
  void SendBack(Connection connection) {
    self_.send("yours", self_.release(std::move(connection)));
  }
  // When the primary has answered: what it sent before has come by then.
  void ListenLate() {
    self_.request("now?", kDeadline, [this](Reply&) { Listen(); });
  }

 private:
  // Greets whoever comes.
  struct Watched {
    Handle handle;
    sdk::Watch watch;
  };

  struct Held {
    Connection connection;
    sdk::Watch watch;
  };

  void OnMessage(const Message& message, Handle& handle) {
    const std::string text = TextOf(message);
    if (message.request()) {
      if (text == "silence") return;
      self_.reply(message.request(), "re: " + text, handle);
      return;
    }
    if (message.from() != 0) {
      const char* const lost = handle.lost() ? " and has lost a handle" : "";
      self_.send(absl::StrCat(message.from(), " says ", text, lost), handle);
      return;
    }
    if (!Obey(text, handle)) self_.send(message, handle);
  }

  bool Obey(const std::string& text, Handle& handle) {
    std::istringstream words(text);
    std::string order;
    words >> order;
    if (order == "tell") {
      int count = 0;
      size_t size = 0;
      words >> count >> size;
      if (text == "tell bytes") return TellBytes();
      Tell(count, size);
    } else if (order == "flood") {
      int count = 0;
      words >> count;
      Flood(count);
    } else if (order == "meet") {
      Meet(std::move(handle));
    } else if (order == "give") {
      std::string kind;
      words >> kind;
      const auto worker =
          static_cast<uint32_t>(std::strtoul(kind.c_str(), nullptr, 10));
      auto [mine, other] = PairOf(worker > 0 ? "unix" : kind);
      if (worker > 0) self_.send_to(worker, "meet", other);
      self_.send("given", other);
      Greet(mine.fd());
    } else if (order == "adopt") {
      int fd = -1;
      uint32_t most = 0;
      words >> fd >> most;
      Adopt(fd < 0 ? std::move(handle) : Handle(fd), most);
    } else if (order == "take") {
      const absl::Status took = servers_.front()->take(std::move(handle));
      if (!took.ok()) {
        self_.send(absl::StrCat("not taken ", static_cast<int>(took.code())));
      }
    } else if (order == "close") {
      for (const auto& server : std::exchange(servers_, {})) {
        server->close([this](const absl::Status&) { self_.send("closed"); });
      }
    } else if (order == "count") {
      size_t count = 0;
      for (const auto& server : servers_) count += server->connections();
      self_.send(absl::StrCat("has ", count));
    } else if (order == "keep") {
      kept_.push_back(std::move(handle));
    } else if (absl::StartsWith(text, "let go")) {
      kept_.clear();
      self_.send("let go");
    } else if (order == "disconnect") {
      self_.disconnect();
    } else if (order == "exit") {
      int code = 0;
      words >> code;
      std::exit(code);
    } else if (order == "throw") {
      throw std::runtime_error("as it was told");
    } else {
      return ObeyAboutOthers(order, words);
    }
    return true;
  }

  bool ObeyAboutOthers(const std::string& order, std::istringstream& words) {
    uint32_t worker = 0;
    if (order == "to" || order == "ask") words >> worker;
    std::string text;
    std::getline(words >> std::ws, text);
    if (order == "to") {
      self_.send_to(worker, text);
    } else if (order == "others") {
      self_.send_to_others(text);
    } else if (order == "ask") {
      self_.request_to(
          worker, text, kDeadline, [this](Reply& reply) { OnReply(reply); });
    } else {
      return false;
    }
    return true;
  }

  void OnReply(Reply& reply) {
    self_.send(reply.ok()
                   ? absl::StrCat("heard ", TextOf(reply.message))
                   : absl::StrCat("no answer: ",
                                  static_cast<int>(reply.status.code())));
  }

  void Tell(int count, size_t size) {
    for (int i = 0; i < count; ++i) {
      std::string text = absl::StrCat(i, " ");
      if (text.size() < size) text.resize(size, 'x');
      self_.send(text);
    }
  }

  bool TellBytes() {
    self_.send(Value::Bytes{std::byte{1}}, [this](const absl::Status& status) {
      self_.send(absl::StrCat("not sent ", static_cast<int>(status.code())));
    });
    return true;
  }

  void Flood(int left) {
    if (left == 0) return;
    self_.send_to_others(
        "x", Handle(dup(STDERR_FILENO)), {}, [this, left](const absl::Status&) {
          Flood(left - 1);
        });
  }

  void Meet(Handle handle) {
    const HandleKind kind = handle.kind();
    self_.send(absl::StrCat("met ",
                            handle.lost() ? "one that is lost" : NameOf(kind)));
    if (kind == HandleKind::kTcpSocket || kind == HandleKind::kUnixSocket) {
      return Greet(handle.fd());  // and it is closed
    }
    if (!handle) return;
    SetNonBlocking(handle.fd());
    const int fd = handle.fd();
    auto watch = self_.host().StartWatch(
        fd, CLUSTER_READABLE, [this, fd, kind](uint32_t) { Serve(fd, kind); });
    if (!watch.ok()) std::abort();
    watched_.push_back({std::move(handle), *std::move(watch)});
  }

  void Adopt(Handle handle, uint32_t most) {
    const auto server =
        self_.create_server([this, most](Connection connection) {
          if (most > 0) return Hold(std::move(connection));
          Greet(connection.fd());
        });
    if (most > 0) server->set_max_connections(most);
    server->on(events::error, [this](const absl::Status& status) {
      const auto error = SystemErrorOf(status);
      self_.send(
          error ? absl::StrCat("refused ", error->code, " ", error->syscall)
                : "refused");
    });
    (void)server->listen(std::move(handle), [this](const Address& at) {
      self_.send(
          absl::StrCat("adopted ", at.address, " ", at.port, " ", at.type));
    });
    servers_.push_back(server);
  }

  void Serve(int fd, HandleKind kind) {
    if (kind != HandleKind::kUdpSocket) {
      const Handle client(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
      if (client) Greet(client.fd());
      return;
    }
    sockaddr_storage from = {};
    socklen_t length = sizeof(from);
    char byte;
    auto* const address = reinterpret_cast<sockaddr*>(&from);
    if (recvfrom(fd, &byte, 1, 0, address, &length) < 0) return;
    const std::string text = absl::StrCat("worker ", self_.id());
    (void)!sendto(fd, text.data(), text.size(), 0, address, length);
  }

  ThisWorker& self_;
  std::vector<Handle> kept_;
  std::list<Watched> watched_;
  std::list<Held> held_;
  std::vector<std::shared_ptr<Server>> servers_;
};

}  // namespace

int RunAgent(Cluster& cluster, const std::string& how) {
  Agent agent(cluster);
  if (how == "late") {
    agent.ListenLate();
  } else if (how == "twice") {
    for (const char* listener : {"first ", "second "}) {
      cluster.worker().on(events::message,
                          [&, listener](const Message& message, Handle&) {
                            cluster.worker().send(listener + TextOf(message));
                          });
    }
  } else {
    agent.Listen();
  }
  if (how == "hold") {
    cluster.worker().listen({.host = "127.0.0.1"}, [&](Connection connection) {
      agent.Hold(std::move(connection));
    });
  }
  if (how == "return") {
    agent.ListenAnywhere(
        [&](Connection connection) { agent.SendBack(std::move(connection)); });
  }
  if (how == "greet") {
    cluster.worker().listen({.host = "127.0.0.1"}, [&](Connection connection) {
      agent.Greet(connection.fd());
      cluster.worker().send("greeted");
    });
  }
  if (how == "listening") {
    cluster.worker().listen(
        {.host = "127.0.0.1"},
        [](Connection) {},
        [&](const Address&) { cluster.worker().send("mine"); });
  }
  return cluster.run();
}

void TellAndEnd(Cluster& cluster,
                int count,
                size_t size,
                const std::string& how) {
  for (int i = 0; i < count; ++i) {
    cluster.worker().send(std::string(size, 'x'));
  }
  if (how == "killed") raise(SIGKILL);
  std::exit(0);
}

}  // namespace cluster
