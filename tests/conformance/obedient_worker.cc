#include "tests/conformance/obedient_worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster {
namespace {

using Words = std::vector<std::string>;

void Print(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

std::string Field(const std::string& text) { return text.empty() ? "-" : text; }

std::string Describe(const Address& address) {
  return Field(address.address) + " " + std::to_string(address.port) + " " +
         Field(address.type) + " " + std::to_string(address.fd);
}

std::string Describe(const absl::Status& status) {
  const auto error = SystemErrorOf(status);
  if (!error) return "error - " + std::string(status.message());
  return "error " + error->code + " " + error->syscall + " " +
         Field(error->address) + " " + std::to_string(error->port);
}

// One line, waiting for it: nothing else happens in the worker meanwhile.
void AwaitLine() {
  char byte = 0;
  while (byte != '\n' && read(STDIN_FILENO, &byte, 1) == 1) {
  }
}

int ListeningSockets() {
  int count = 0;
  for (int fd = 0; fd < 256; ++fd) {
    int listens = 0;
    socklen_t size = sizeof(listens);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0) {
      count += listens;
    }
  }
  return count;
}

// The options of a command, behind its name and that of the server.
class Options {
 public:
  explicit Options(const Words& words) {
    for (size_t i = 2; i < words.size(); ++i) {
      const size_t equals = words[i].find('=');
      values_[words[i].substr(0, equals)] =
          equals == std::string::npos ? "" : words[i].substr(equals + 1);
    }
  }
  bool has(const char* name) const { return values_.count(name) > 0; }
  std::string text(const char* name) const {
    return has(name) ? values_.at(name) : "";
  }
  int number(const char* name, int otherwise = 0) const {
    return has(name) ? std::atoi(values_.at(name).c_str()) : otherwise;
  }

 private:
  std::map<std::string, std::string> values_;
};

class Obedient {
 public:
  explicit Obedient(Cluster& cluster) : self_(cluster.worker()) {}

  // Reads what is there, and does it.
  void OnInput() {
    char bytes[4096];
    const ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (size <= 0) return input_.Stop();
    text_.append(bytes, static_cast<size_t>(size));
    for (size_t end; (end = text_.find('\n')) != std::string::npos;) {
      std::istringstream line(text_.substr(0, end));
      text_.erase(0, end + 1);
      Words words;
      for (std::string word; line >> word;) words.push_back(word);
      if (!words.empty()) Do(words);
    }
  }

  void Do(const Words& words) {
    const std::string& does = words[0];
    if (does == "disconnect") self_.disconnect();
    if (does == "exit") std::exit(std::atoi(words[1].c_str()));
    if (does == "chdir" && chdir(words[1].c_str()) != 0) std::abort();
    if (does == "sockets") {
      Print("sockets " + std::to_string(ListeningSockets()));
    }
    if (does == "block") {
      Print("blocked");
      AwaitLine();
    }
    if (words.size() > 1) DoWith(words[1], does, words);
  }

  void Watch() {
    auto watch = self_.host().StartWatch(
        STDIN_FILENO, CLUSTER_READABLE, [this](uint32_t) { OnInput(); });
    if (watch.ok()) input_ = *std::move(watch);
  }

 private:
  struct Service {
    std::shared_ptr<Server> server;
    std::shared_ptr<DatagramSocket> socket;
    std::vector<Connection> kept;
  };

  void DoWith(const std::string& name,
              const std::string& does,
              const Words& words) {
    Service& service = services_[name];
    if (does == "listen") return Listen(name, Options(words));
    if (does == "socket") return MakeSocket(name, Options(words));
    if (does == "bind") return Bind(name, Options(words));
    if (does == "close") return Close(name);
    if (does == "free") return service.kept.clear();
    if (does == "max") {
      service.server->set_max_connections(std::atoi(words[2].c_str()));
    } else if (does == "count") {
      Print(name + " has " + std::to_string(service.server->connections()));
    } else if (does == "address") {
      const auto at = service.server != nullptr ? service.server->address()
                                                : service.socket->address();
      Print(name +
            (at ? " is at " + at->address + " " + std::to_string(at->port)
                : " is nowhere"));
    } else if (does == "send") {
      const absl::Status sent = service.socket->send(
          words[3], std::atoi(words[2].c_str()), "127.0.0.1");
      if (!sent.ok()) Print(name + " " + Describe(sent));
    } else if (does == "join") {
      Join(name, words[2]);
    }
  }

  void Listen(const std::string& name, const Options& options) {
    Service& service = services_[name];
    if (service.server == nullptr) MakeServer(name, options);
    const absl::Status status = service.server->listen(
        {.port = options.number("port"),
         .host =
             options.has("path") || options.has("fd")
                 ? ""
                 : (options.has("host") ? options.text("host") : "127.0.0.1"),
         .path = options.text("path"),
         .fd = options.number("fd", -1),
         .backlog = options.number("backlog"),
         .exclusive = options.has("exclusive"),
         .reuse_port = options.has("reuse_port"),
         .ipv6_only = options.has("ipv6_only"),
         .readable_all = options.has("readable_all"),
         .writable_all = options.has("writable_all")},
        [this, name, close = options.has("close")](const Address& address) {
          Print(name + " listening " + Describe(address));
          if (close) Close(name);
        });
    if (!status.ok()) Print(name + " " + Describe(status));
  }

  void MakeServer(const std::string& name, const Options& options) {
    Service& service = services_[name];
    service.server =
        self_.create_server([this, name, options](Connection connection) {
          if (options.has("peer")) {
            auto local = connection.LocalAddress();
            Print(name + " from " + std::to_string(connection.peer().port) +
                  " to " + std::to_string(local->port));
          }
          const std::string greeting = std::to_string(self_.id()) + "\n";
          (void)!::send(
              connection.fd(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
          if (options.has("block")) BlockLater(name);
          if (options.has("echo")) return GreetAgain(std::move(connection));
          if (options.has("keep")) {
            services_[name].kept.push_back(std::move(connection));
          }
        });
    service.server->on(events::error,
                       [this, name, options](const absl::Status& status) {
                         if (options.has("throw"))
                           throw std::runtime_error("thrown");
                         Print(name + " " + Describe(status));
                         if (options.has("disconnect")) self_.disconnect();
                       });
    service.server->on(events::drop, [name](const cluster_address&) {
      Print(name + " dropped");
    });
    service.server->on(events::close, [name] { Print(name + " close event"); });
    if (options.has("max")) {
      service.server->set_max_connections(options.number("max"));
    }
    service.server->set_drop_max_connection(options.has("drop"));
  }

  // When this wake-up is done with.
  void BlockLater(const std::string& name) {
    (void)self_.host().Post([name] {
      Print(name + " blocked");
      AwaitLine();
    });
  }

  // Greets it once more for whatever comes, until its peer closes it.
  void GreetAgain(Connection connection) {
    const auto kept = std::make_shared<Connection>(std::move(connection));
    const auto watch = std::make_shared<sdk::Watch>();
    auto started = self_.host().StartWatch(
        kept->fd(), CLUSTER_READABLE, [this, kept, watch](uint32_t) {
          char bytes[64];
          if (recv(kept->fd(), bytes, sizeof(bytes), 0) <= 0) {
            const std::shared_ptr<sdk::Watch> ended = watch;
            return ended->Stop();
          }
          const std::string greeting = std::to_string(self_.id()) + "\n";
          (void)!::send(
              kept->fd(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
        });
    if (started.ok()) *watch = *std::move(started);
  }

  void MakeSocket(const std::string& name, const Options& options) {
    std::shared_ptr<DatagramSocket>& socket = services_[name].socket;
    socket = self_.create_socket(
        {.ipv6 = options.has("ipv6"),
         .reuse_address = options.has("reuse_address"),
         .reuse_port = options.has("reuse_port"),
         .ipv6_only = options.has("ipv6_only")},
        [name](std::string_view payload, const Address& from) {
          Print(name + " got " + std::string(payload) + " " +
                std::to_string(from.port));
        });
    socket->on(events::error,
               [this, name, shut = options.has("shut")](const auto& status) {
                 Print(name + " " + Describe(status));
                 if (shut) Close(name);
               });
    socket->on(events::close, [name] { Print(name + " close event"); });
  }

  void Bind(const std::string& name, const Options& options) {
    if (services_[name].socket == nullptr) MakeSocket(name, options);
    const absl::Status status = services_[name].socket->bind(
        {.port = options.number("port"),
         .address = options.has("host")
                        ? options.text("host")
                        : (options.has("fd") ? "" : "127.0.0.1"),
         .fd = options.number("fd", -1),
         .exclusive = options.has("exclusive")},
        [this, name, close = options.has("close")](const Address& address) {
          Print(name + " listening " + Describe(address));
          if (close) Close(name);
        });
    if (!status.ok()) Print(name + " " + Describe(status));
  }

  void Close(const std::string& name) {
    Service& service = services_[name];
    if (service.socket != nullptr) return service.socket->close();
    service.server->close([name](const absl::Status& status) {
      Print(name + (status.ok() ? " closed" : " was not listening"));
    });
  }

  void Join(const std::string& name, const std::string& group) {
    ip_mreq membership = {};
    inet_pton(AF_INET, group.c_str(), &membership.imr_multiaddr);
    inet_pton(AF_INET, "127.0.0.1", &membership.imr_interface);
    if (setsockopt(services_[name].socket->fd(),
                   IPPROTO_IP,
                   IP_ADD_MEMBERSHIP,
                   &membership,
                   sizeof(membership)) == 0) {
      return Print(name + " joined");
    }
    Print(name + " error " + strerrorname_np(errno));
  }

  ThisWorker& self_;
  sdk::Watch input_;
  std::string text_;
  std::map<std::string, Service> services_;
};

}  // namespace

int ObedientWorker(Cluster& cluster, const std::string& first) {
  Obedient obedient(cluster);
  if (!first.empty()) {
    // Asked at once, and the answer is not read before the next line comes.
    obedient.Do({"listen", "first", "path=" + first});
    Print("asked");
    AwaitLine();
  }
  obedient.Watch();
  cluster.worker().on(events::disconnect, [] { Print("disconnected"); });
  return cluster.run();
}

}  // namespace cluster
