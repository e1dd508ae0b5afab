// What message_bench measures with: a worker that echoes, counts and floods.
//
//   request "count"            so many messages came since the last time
//   request "pump BYTES MS"    sends the primary messages for MS milliseconds;
//                              so many; each message "ack N" allows N more
//   any other request          is answered by its own bytes
//   a connection               gets the id of its worker
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>

#include "plugins/sdk/worker.h"

namespace {

using cluster::sdk::Message;
using cluster::sdk::To;
using Clock = std::chrono::steady_clock;

class MessageBench : public cluster::sdk::Worker {
 public:
  explicit MessageBench(cluster::sdk::Host host) : Worker(host) {}

  cluster::sdk::Status OnStart() override {
    return host().OnMessage([this](const Message& message) { Take(message); });
  }
  void OnConnection(cluster::sdk::Connection connection) override {
    const std::string text = std::to_string(host().worker_id()) + "\n";
    send(connection.fd(), text.data(), text.size(), MSG_NOSIGNAL);
  }

 private:
  void Take(const Message& message) {
    const uint64_t request = message.request();
    const std::string_view text = message.payload();
    if (request == 0) {
      if (text.starts_with("ack ")) {
        allowed_ += std::stoul(std::string(text.substr(4)));
        return Pump();
      }
      ++count_;
      return;
    }
    if (text == "count") {
      return Answer(request, std::to_string(std::exchange(count_, 0)));
    }
    if (!text.starts_with("pump ")) return Answer(request, text);
    std::istringstream words{std::string(text.substr(5))};
    size_t bytes = 0;
    int ms = 0;
    words >> bytes >> ms >> allowed_;
    payload_.assign(bytes, 'x');
    asked_ = request;
    sent_ = 0;
    until_ = Clock::now() + std::chrono::milliseconds(ms);
    Pump();
  }

  void Pump() {
    if (asked_ == 0) return;
    if (Clock::now() >= until_) {
      return Answer(std::exchange(asked_, 0), std::to_string(sent_));
    }
    for (; allowed_ > 0; --allowed_, ++sent_) {
      static_cast<void>(host().Send(To::Primary(), payload_));
    }
  }

  void Answer(uint64_t request, std::string_view text) {
    static_cast<void>(host().Reply(request, text));
  }

  uint64_t count_ = 0;
  std::string payload_;
  uint64_t asked_ = 0;
  uint64_t sent_ = 0;
  uint64_t allowed_ = 0;
  Clock::time_point until_;
};

}  // namespace

CLUSTER_PLUGIN(MessageBench,
               {.name = "message_bench",
                .version = "1.0",
                .required_services = {CLUSTER_SERVICE_MESSAGE_V1}});
