// resp_kv: a key-value server that speaks the Redis protocol. Each key lives on
// one worker; commands that reach another go there by message. README.md says
// what that means.
#include <time.h>

#include <optional>
#include <utility>

#include "plugins/resp_kv/server.h"
#include "plugins/resp_kv/settings.h"
#include "plugins/sdk/worker.h"

namespace cluster::resp_kv {
namespace {

// The workers compare times with one another; CLOCK_MONOTONIC is the machine's.
int64_t NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

class RespKv final : public sdk::Worker {
 public:
  using Worker::Worker;

  sdk::Status OnStart() override {
    auto settings =
        Settings::Read([this](const char* key) { return host().Config(key); });
    if (!settings.ok()) return settings.status();
    server_.emplace(host(), *settings, &NowMs);
    return server_->Start();
  }

  void OnConnection(sdk::Connection connection) override {
    server_->Serve(std::move(connection));
  }

  void OnDrain(const sdk::Drain&) override { server_->Drain(); }
  void OnStop() override { server_.reset(); }

 private:
  std::optional<Server> server_;
};

}  // namespace
}  // namespace cluster::resp_kv

CLUSTER_PLUGIN(cluster::resp_kv::RespKv,
               {.name = "resp_kv",
                .version = "1.0",
                .required_services = {CLUSTER_SERVICE_MESSAGE_V1}});
