// courier: a plugin whose workers write to each other as its clients say. One
// command a line, one answer a line; TO is worker=ID, slot=N or others.
//
//   who                 "worker ID slot N generation N"
//   send TO TEXT        sends TEXT
//   flood TO N          sends N numbered messages of 1,000 bytes, as many as
//                       fit; "sent N"
//   ask TO MS TEXT      asks; "reply TEXT" or "status N", and how long it took
//   pipe TO             asks with a pipe's end; what the other wrote into it
//   large TO BYTES      asks with so many bytes, the other answers their sum
//   got N               waits for N messages; all there were, oldest first
//   numbers N           waits for N numbered ones; "in order" or "mixed"
//
// A request "hold" is never answered, any other one by its own text.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/worker.h"

namespace {

using cluster::sdk::Connection;
using cluster::sdk::Message;
using cluster::sdk::Result;
using cluster::sdk::Status;
using cluster::sdk::To;
using cluster::sdk::Watch;
using Clock = std::chrono::steady_clock;

constexpr size_t kFloodBytes = 1'000;

std::string Sum(std::string_view bytes) {
  uint64_t sum = 0;
  for (const char c : bytes) sum = sum * 31 + static_cast<unsigned char>(c);
  return std::to_string(sum);
}

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& c : bytes) c = static_cast<char>((state = state * 48271) >> 16);
  return bytes;
}

To Parse(const std::string& to) {
  const size_t equals = to.find('=');
  const auto number = static_cast<uint32_t>(
      equals == to.npos ? 0 : std::atoi(to.c_str() + equals + 1));
  if (to.starts_with("worker=")) return To::Worker(number);
  if (to.starts_with("slot=")) return To::Slot(number);
  if (to == "primary") return To::Primary();
  return To::Others();
}

struct Client {
  explicit Client(Connection connection) : connection(std::move(connection)) {}

  Connection connection;
  Watch watch;
  std::string input;
};

class Courier : public cluster::sdk::Worker {
 public:
  explicit Courier(cluster::sdk::Host host) : Worker(host) {}

  Status OnStart() override {
    return host().OnMessage([this](const Message& message) { Take(message); });
  }

  void OnConnection(Connection connection) override {
    const auto client = std::make_shared<Client>(std::move(connection));
    clients_.push_back(client);
    auto watch = host().StartWatch(client->connection.fd(),
                                   CLUSTER_READABLE,
                                   [this, weak = std::weak_ptr<Client>(client)](
                                       uint32_t) { Read(weak.lock()); });
    if (watch.ok()) client->watch = *std::move(watch);
  }

  void OnDrain(const cluster::sdk::Drain&) override { clients_.clear(); }
  void OnStop() override { clients_.clear(); }

 private:
  using Answer = std::function<void(const std::string& text)>;

  void Read(const std::shared_ptr<Client>& client) {
    char buffer[4096];
    const ssize_t count =
        recv(client->connection.fd(), buffer, sizeof(buffer), MSG_DONTWAIT);
    if (count <= 0) {
      clients_.remove(client);
      return;
    }
    client->input.append(buffer, static_cast<size_t>(count));
    size_t end;
    while ((end = client->input.find('\n')) != std::string::npos) {
      const std::string line = client->input.substr(0, end);
      client->input.erase(0, end + 1);
      Obey(line, [weak = std::weak_ptr<Client>(client)](std::string text) {
        const auto client = weak.lock();
        if (client == nullptr || !client->connection.is_open()) return;
        text += "\n";
        send(client->connection.fd(), text.data(), text.size(), MSG_NOSIGNAL);
      });
    }
  }

  void Obey(const std::string& line, const Answer& answer) {
    std::istringstream words(line);
    std::string verb, to, rest;
    words >> verb;
    if (verb == "who") {
      return answer("worker " + std::to_string(host().worker_id()) + " slot " +
                    std::to_string(host().slot()) + " generation " +
                    std::to_string(host().generation()));
    }
    if (verb == "got" || verb == "numbers") {
      size_t count = 0;
      words >> count;
      waiting_.push_back({verb == "numbers", count, answer});
      return Tell();
    }
    words >> to;
    if (verb == "send") {
      std::getline(words >> std::ws, rest);
      return answer(Outcome(host().Send(Parse(to), rest)));
    }
    if (verb == "flood") return Flood(Parse(to), words, answer);
    if (verb == "pipe") return SendPipe(Parse(to), answer);
    if (verb == "large") {
      size_t size = 0;
      words >> size;
      const std::string bytes = Pattern(size);
      return Ask(Parse(to), bytes, 60'000, [answer, sum = Sum(bytes)](auto r) {
        answer(r == "reply " + sum ? "same" : "different: " + r);
      });
    }
    int timeout_ms = 0;
    words >> timeout_ms;
    std::getline(words >> std::ws, rest);
    const auto begin = Clock::now();
    Ask(Parse(to), rest, timeout_ms, [answer, begin](const std::string& text) {
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
          Clock::now() - begin);
      answer(text + " after " + std::to_string(took.count()));
    });
  }

  static std::string Outcome(const Status& status) {
    return status.ok() ? "ok" : "status " + std::to_string(status.code());
  }

  void Ask(To to, const std::string& text, int timeout_ms, Answer answer) {
    const Status status = host().Request(
        to,
        text,
        std::chrono::milliseconds(timeout_ms),
        [answer](Result<Message> reply) {
          answer(reply.ok() ? "reply " + std::string(reply->payload())
                            : Outcome(reply.status()));
        });
    if (!status.ok()) answer(Outcome(status));
  }

  void Flood(To to, std::istringstream& words, const Answer& answer) {
    int count = 0;
    words >> count;
    int sent = 0;
    for (; sent < count; ++sent) {
      std::string text = "#" + std::to_string(sent) + " ";
      text.resize(kFloodBytes, 'x');
      if (!host().Send(to, text).ok()) break;
    }
    answer("sent " + std::to_string(sent));
  }

  void SendPipe(To to, const Answer& answer) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return answer("no pipe");
    const auto reader = std::make_shared<cluster::sdk::Descriptor>(ends[0]);
    const cluster::sdk::Descriptor writer(ends[1]);
    const int32_t fds[] = {writer.fd(), writer.fd()};
    const Status status = host().Request(
        to,
        "pipe",
        std::chrono::seconds(60),
        [reader, answer](Result<Message>) {
          char text[64] = "";
          const ssize_t n = read(reader->fd(), text, sizeof(text) - 1);
          answer(n > 0 ? text : "nothing came");
        },
        fds);
    if (!status.ok()) answer(Outcome(status));
  }

  void Take(const Message& message) {
    const std::string text(message.payload());
    if (message.request() == 0) {
      if (text.starts_with('#')) {
        numbers_.push_back(std::atoi(text.c_str() + 1));
      } else {
        texts_.push_back(text);
      }
      return Tell();
    }
    if (text == "hold") return;
    if (text == "pipe") {
      // The other copy is left for the host to close.
      const cluster::sdk::Descriptor end = message.TakeFd(1);
      dprintf(end.fd(), "written by worker %u", host().worker_id());
    }
    const std::string reply = text.size() > kFloodBytes ? Sum(text) : text;
    static_cast<void>(host().Reply(message.request(), reply));
  }

  // Answers those whose messages have come.
  void Tell() {
    waiting_.remove_if([this](const Waiting& waiting) {
      if (waiting.numbers) {
        if (numbers_.size() < waiting.count) return false;
        for (size_t i = 0; i < waiting.count; ++i) {
          if (numbers_[i] == static_cast<int>(i)) continue;
          waiting.answer("mixed");
          return true;
        }
        waiting.answer("in order");
        return true;
      }
      if (texts_.size() < waiting.count) return false;
      std::string all;
      for (const std::string& text : texts_) all += text + ";";
      waiting.answer(all);
      return true;
    });
  }

  struct Waiting {
    bool numbers;
    size_t count;
    Answer answer;
  };

  std::list<std::shared_ptr<Client>> clients_;
  std::vector<std::string> texts_;
  std::vector<int> numbers_;
  std::list<Waiting> waiting_;
};

}  // namespace

CLUSTER_PLUGIN(Courier,
               {.name = "courier",
                .version = "1.0",
                .required_services = {CLUSTER_SERVICE_MESSAGE_V1}});
