// pen_pal: a plugin whose workers write with the primary, and do with
// descriptors what its requests say. A connection gets "worker ID\n" and is
// closed.
//
//   echo ..., {...    the same text and the same descriptors
//   meet              greets over each descriptor, as below; "met N"
//   give KIND SIZE    SIZE bytes, and a socket: tcp, unix, listener or udp
//   greet             greets over what it gave last and kept a copy of
//   pass ID           asks worker ID to meet the descriptors; its answer
//   tell N            sends the primary N numbered messages, each third with a
//                     descriptor; "told N"
//   large ID BYTES    sends BYTES and a descriptor to worker ID, 0: the
//                     primary; "sent"
//   count N           waits for N numbered messages; "in order" or "mixed"
//   hold              never answered
//
// Over a connected socket it greets by "worker ID", over a listener whoever
// connects, over a datagram socket whoever writes.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/worker.h"

namespace {

using cluster::sdk::Connection;
using cluster::sdk::Descriptor;
using cluster::sdk::Message;
using cluster::sdk::Result;
using cluster::sdk::To;
using cluster::sdk::Watch;

int OptionOf(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof(value);
  getsockopt(fd, SOL_SOCKET, option, &value, &length);
  return value;
}

// A socket bound to a free port of the loopback.
Descriptor Bound(int type) {
  Descriptor fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
          0 ||
      (type == SOCK_STREAM && listen(fd.fd(), 8) != 0)) {
    fd.Close();
  }
  return fd;
}

std::pair<Descriptor, Descriptor> TcpPair() {
  const Descriptor listener = Bound(SOCK_STREAM);
  sockaddr_in address = {};
  socklen_t length = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  getsockname(listener.fd(), any, &length);
  Descriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(client.fd(), any, length) != 0) return {};
  return {Descriptor(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC)),
          std::move(client)};
}

class PenPal : public cluster::sdk::Worker {
 public:
  explicit PenPal(cluster::sdk::Host host) : Worker(host) {}

  cluster::sdk::Status OnStart() override {
    if (!host().Config("deaf").value_or("").empty()) return {};
    return host().OnMessage([this](const Message& message) { Take(message); });
  }
  void OnConnection(Connection connection) override {
    const std::string text = Greeting() + "\n";
    send(connection.fd(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  void OnDrain(const cluster::sdk::Drain&) override { met_.clear(); }
  void OnStop() override { met_.clear(); }

 private:
  // A socket over which it has yet to greet somebody.
  struct Met {
    Descriptor fd;
    Watch watch;
  };

  std::string Greeting() const {
    return "worker " + std::to_string(host().worker_id());
  }

  void Take(const Message& message) {
    std::istringstream words{std::string(message.payload().substr(0, 64))};
    std::string verb, kind;
    words >> verb;
    if (verb.starts_with('#')) {
      numbers_.push_back(std::atoi(verb.c_str() + 1));
      return Count();
    }
    const uint64_t request = message.request();
    if (request == 0) return;
    std::vector<Descriptor> fds;
    for (size_t i = 0; i < message.fd_count(); ++i) {
      fds.push_back(message.TakeFd(i));
    }
    if (verb == "echo" || verb.starts_with('{')) {
      return Answer(request, message.payload(), fds);
    }
    if (verb == "meet") {
      for (Descriptor& fd : fds) Meet(std::move(fd));
      return Answer(request, "met " + std::to_string(fds.size()));
    }
    if (verb == "give") return Give(request, words);
    if (verb == "greet") {
      const std::string text = Greeting();
      send(kept_.fd(), text.data(), text.size(), MSG_NOSIGNAL);
      return Answer(request, "greeted");
    }
    if (verb == "pass") return Pass(request, words, fds);
    if (verb == "tell") return Tell(request, words);
    if (verb == "large") return SendLarge(request, words);
    if (verb == "count") {
      words >> wanted_;
      asked_ = request;
      return Count();
    }
  }

  void Answer(uint64_t request,
              std::string_view text,
              const std::vector<Descriptor>& fds = {}) {
    static_cast<void>(host().Reply(request, text, Numbers(fds)));
  }
  static std::vector<int32_t> Numbers(const std::vector<Descriptor>& fds) {
    std::vector<int32_t> numbers;
    for (const Descriptor& fd : fds) numbers.push_back(fd.fd());
    return numbers;
  }

  void Meet(Descriptor fd) {
    const bool waits = OptionOf(fd.fd(), SO_ACCEPTCONN) != 0 ||
                       OptionOf(fd.fd(), SO_TYPE) == SOCK_DGRAM;
    if (!waits) {
      const std::string text = Greeting();
      send(fd.fd(), text.data(), text.size(), MSG_NOSIGNAL);
      return;
    }
    const auto met = met_.emplace(met_.end());
    met->fd = std::move(fd);
    auto watch = host().StartWatch(
        met->fd.fd(), CLUSTER_READABLE, [this, met](uint32_t) {
          GreetWhoCame(met->fd.fd());
          met_.erase(met);
        });
    if (watch.ok()) met->watch = *std::move(watch);
  }
  void GreetWhoCame(int fd) {
    const std::string text = Greeting();
    if (OptionOf(fd, SO_ACCEPTCONN) != 0) {
      const Descriptor client(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
      send(client.fd(), text.data(), text.size(), MSG_NOSIGNAL);
      return;
    }
    char buffer[64];
    sockaddr_storage from;
    socklen_t length = sizeof(from);
    auto* const any = reinterpret_cast<sockaddr*>(&from);
    if (recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT, any, &length) < 0) {
      return;
    }
    sendto(fd, text.data(), text.size(), 0, any, length);
  }

  // The other end of a connected one is kept; of the others a copy.
  void Give(uint64_t request, std::istringstream& words) {
    std::string kind;
    size_t size = 0;
    words >> kind >> size;
    std::vector<Descriptor> fds(1);
    if (kind == "tcp") {
      std::tie(fds[0], kept_) = TcpPair();
    } else if (kind == "unix") {
      int ends[2] = {-1, -1};
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
      fds[0] = Descriptor(ends[0]);
      kept_ = Descriptor(ends[1]);
    } else {
      fds[0] = Bound(kind == "udp" ? SOCK_DGRAM : SOCK_STREAM);
      kept_ = Descriptor(fcntl(fds[0].fd(), F_DUPFD_CLOEXEC, 0));
    }
    Answer(request, std::string(size, 'x'), fds);
  }

  void Pass(uint64_t request,
            std::istringstream& words,
            const std::vector<Descriptor>& fds) {
    uint32_t worker = 0;
    words >> worker;
    static_cast<void>(host().Request(
        To::Worker(worker),
        "meet",
        std::chrono::seconds(60),
        [this, request](Result<Message> reply) {
          Answer(request,
                 reply.ok()
                     ? std::string(reply->payload())
                     : "status " + std::to_string(reply.status().code()));
        },
        Numbers(fds)));
  }

  void Tell(uint64_t request, std::istringstream& words) {
    int count = 0;
    words >> count;
    const int32_t fds[] = {STDERR_FILENO};
    for (int i = 0; i < count; ++i) {
      const std::span<const int32_t> own(fds, i % 3 == 0 ? 1 : 0);
      static_cast<void>(
          host().Send(To::Primary(), "#" + std::to_string(i), own));
    }
    Answer(request, "told " + std::to_string(count));
  }

  void SendLarge(uint64_t request, std::istringstream& words) {
    uint32_t worker = 0;
    size_t size = 0;
    words >> worker >> size;
    const int32_t fds[] = {STDERR_FILENO};
    static_cast<void>(
        host().Send(worker == 0 ? To::Primary() : To::Worker(worker),
                    std::string(size, 'x'),
                    fds));
    Answer(request, "sent");
  }

  void Count() {
    if (asked_ == 0 || numbers_.size() < wanted_) return;
    bool in_order = true;
    for (size_t i = 0; i < numbers_.size(); ++i) {
      in_order &= numbers_[i] == static_cast<int>(i);
    }
    Answer(std::exchange(asked_, 0), in_order ? "in order" : "mixed");
  }

  std::list<Met> met_;
  Descriptor kept_;
  std::vector<int> numbers_;
  size_t wanted_ = 0;
  uint64_t asked_ = 0;
};

}  // namespace

CLUSTER_PLUGIN(PenPal,
               {.name = "pen_pal",
                .version = "1.0",
                .required_services = {CLUSTER_SERVICE_MESSAGE_V1}});
