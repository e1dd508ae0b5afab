// hello_http: an HTTP server that says which worker answers. The worked example
// of a plugin with a loop of its own (Boost.Asio and Boost.Beast), on the
// worker's main thread alone.
//
//   GET /         hello from worker N       (--set message=TEXT: TEXT)
//   GET /healthz  ok
#include <string>
#include <utility>

#include "plugins/hello_http/http_session.h"
#include "plugins/hello_http/responses.h"
#include "plugins/hello_http/session_list.h"
#include "plugins/sdk/asio.h"
#include "plugins/sdk/worker.h"

namespace cluster::hello_http {
namespace {

std::string Message(const sdk::Host& host) {
  if (const auto message = host.Config("message")) {
    return std::string(*message) + "\n";
  }
  return "hello from worker " + std::to_string(host.worker_id()) + "\n";
}

class HelloHttp final : public sdk::AsioWorker {
 public:
  explicit HelloHttp(sdk::Host host)
      : AsioWorker(host),
        responses_(host.worker_id(), Message(host)),
        sessions_(io_context()) {}

  void OnConnection(sdk::Connection connection) override {
    using Stream = sdk::AsioConnection<>;
    auto stream = Stream::Open(io_context(), std::move(connection));
    if (!stream.ok()) {
      host().Log(CLUSTER_LOG_WARNING, stream.status().message());
      return;
    }
    HttpSession<Stream>::Start(responses_, sessions_, *std::move(stream));
  }

  void OnDrain(const sdk::Drain&) override { sessions_.Drain(); }
  void OnStop() override { sessions_.CloseAll(); }

 private:
  const Responses responses_;
  SessionList sessions_;
};

}  // namespace
}  // namespace cluster::hello_http

CLUSTER_PLUGIN(cluster::hello_http::HelloHttp,
               {.name = "hello_http", .version = "1.0"});
