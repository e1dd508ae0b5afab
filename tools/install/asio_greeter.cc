// A plugin on Boost.Asio, built by install_test.sh with what was installed:
// says the setting `greeting`, from a timer's handler, to who connects.
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "plugins/sdk/asio.h"

namespace asio = boost::asio;
namespace sdk = cluster::sdk;

class AsioGreeter : public sdk::AsioWorker {
 public:
  using AsioWorker::AsioWorker;

  void OnConnection(sdk::Connection connection) override {
    auto stream =
        sdk::AsioConnection<>::Open(io_context(), std::move(connection));
    if (!stream.ok()) return;
    auto guest = std::make_shared<Guest>(*std::move(stream), io_context());
    Guest& at = *guest;
    at.timer.expires_after(std::chrono::milliseconds(1));
    at.timer.async_wait([this, guest = std::move(guest)](auto error) {
      if (!error) Greet(guest);
    });
  }

 private:
  struct Guest {
    Guest(sdk::AsioConnection<> stream, asio::io_context& io)
        : stream(std::move(stream)), timer(io) {}
    sdk::AsioConnection<> stream;
    asio::steady_timer timer;
  };

  void Greet(const std::shared_ptr<Guest>& guest) {
    // The setting lives as long as the worker.
    const auto greeting = host().Config("greeting").value_or("");
    asio::async_write(guest->stream.socket(),
                      asio::buffer(greeting),
                      [guest](auto, size_t) {});
  }
};

CLUSTER_PLUGIN(AsioGreeter, {.name = "asio_greeter", .version = "1.0"});
