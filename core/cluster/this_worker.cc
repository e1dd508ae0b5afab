#include "core/cluster/this_worker.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/unique_fd.h"
#include "core/cluster/listened_address.h"
#include "core/control/worker_exit.h"
#include "core/worker/loop.h"
#include "core/worker/runtime.h"
#include "ipc/address.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/listeners.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster {
namespace {

// The address as the primary takes it: in numbers, absolute. Names are looked
// up here.
absl::StatusOr<std::string> ToText(const ListenOptions& options) {
  if (!options.path.empty()) {
    if (options.path.front() == '/' || options.path.front() == '@') {
      return absl::StrCat("unix:", options.path);
    }
    char directory[4096];
    if (getcwd(directory, sizeof(directory)) == nullptr) {
      return absl::NotFoundError("this worker's directory is gone");
    }
    return absl::StrCat("unix:", directory, "/", options.path);
  }
  const bool six =
      absl::StrContains(options.host, ":") && options.host.front() != '[';
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(absl::StrCat(
      six ? "[" : "", options.host, six ? "]" : "", ":", options.port));
  if (!address.ok()) return address.status();
  // Every address is for the primary to say.
  if (options.host.empty()) return absl::StrCat(":", options.port);
  return ToString(*address);
}

uint32_t FlagsOf(const ListenOptions& options) {
  return (options.exclusive ? CLUSTER_LISTEN_EXCLUSIVE : 0u) |
         (options.ipv6_only ? CLUSTER_LISTEN_IPV6_ONLY : 0u);
}

std::unique_ptr<Loop> MakeLoop() {
  absl::StatusOr<std::unique_ptr<Loop>> loop = Loop::Create();
  if (loop.ok()) return *std::move(loop);
  std::fprintf(stderr, "worker: %s\n", loop.status().ToString().c_str());
  _exit(kWorkerExitInternal);
}

}  // namespace

// The worker's code as a plugin that is linked in: what the runtime calls, and
// what that leads to.
class ThisWorker::Side {
 public:
  Side(int channel, OwnEvents& events)
      : events_(events), runtime_(UniqueFd(channel), MakeLoop(), &kEntry) {
    // A C table has no place for it before `create`.
    newborn_ = this;
    runtime_.Begin();
  }

  Runtime& runtime() { return runtime_; }
  bool connected() const { return connected_; }
  // REQUIRES: the runtime has started.
  const sdk::Services& services() const { return services_; }
  bool started() const { return services_.host != nullptr; }

  void Listen(const ListenOptions& options,
              OnConnection connection,
              OnListening listening) {
    if (!started() || runtime_.ends()) return;
    const absl::StatusOr<std::string> text = ToText(options);
    if (!text.ok()) return Error(text.status());
    const sdk::Listeners listeners{sdk::Host(services_)};
    const sdk::Status status = listeners.Listen(
        *text,
        {.flags = FlagsOf(options), .backlog = options.backlog},
        [this,
         connection = std::move(connection),
         listening = std::move(listening)](sdk::Result<uint32_t> listener) {
          OnAnswer(listener, connection, listening);
        });
    if (!status.ok()) Error(absl::UnavailableError(status.message()));
  }

 private:
  static Side& From(void* self) { return *static_cast<Side*>(self); }

  static cluster_status Create(const cluster_host* host,
                               void** self,
                               cluster_error*) {
    *self = newborn_;
    newborn_->services_ = sdk::Services::Of(host);
    return CLUSTER_OK;
  }

  static void OnGiven(void* self, const cluster_connection* given) {
    Side& side = From(self);
    cluster_connection copy = {};
    std::memcpy(&copy, given, std::min<size_t>(given->size, sizeof(copy)));
    Connection connection(side.services_, copy);
    const auto found = side.servers_.find(connection.listener());
    if (found == side.servers_.end()) return;  // closes it
    const OnConnection take = found->second;
    take(std::move(connection));
  }

  static void OnStop(void* self) {
    Side& side = From(self);
    side.connected_ = false;
    side.events_.of(events::disconnect).Emit();
  }

  void OnAnswer(const sdk::Result<uint32_t>& answer,
                const OnConnection& connection,
                const OnListening& listening) {
    sdk::Result<uint32_t> listener = answer;
    if (!listener.ok()) {
      if (runtime_.ends()) return;
      return Error(absl::UnavailableError(listener.status().message()));
    }
    servers_[*listener] = connection;
    if (!listening) return;
    sdk::Result<sdk::ListenerInfo> info =
        sdk::Listeners(sdk::Host(services_)).Info(*listener);
    listening(info.ok() ? ToAddress(std::string(info->text)) : Address());
  }

  void Error(const absl::Status& status) {
    if (events_.of(events::error).Emit(status)) return;
    runtime_.EndWith(kWorkerExitInternal, std::string(status.message()));
  }

  static inline Side* newborn_ = nullptr;
  static constexpr cluster_worker_plugin kTable = {
      .size = sizeof(cluster_worker_plugin),
      .flags = 0,
      .create = &Create,
      .start = nullptr,
      .on_connection = &OnGiven,
      .drain = nullptr,
      .stop = &OnStop,
      .destroy = nullptr,
      .run = nullptr};
  static constexpr cluster_plugin_entry_t kEntry = {
      .magic = CLUSTER_PLUGIN_MAGIC,
      .size = sizeof(cluster_plugin_entry_t),
      .kind = CLUSTER_PLUGIN_KIND_WORKER,
      .abi_major = CLUSTER_ABI_MAJOR,
      .abi_minor = CLUSTER_ABI_MINOR,
      .abi_minor_min = CLUSTER_ABI_MINOR,
      .flags = 0,
      .name = "program",
      .version = "",
      .required_services = nullptr,
      .optional_services = nullptr,
      .table = &kTable};

  OwnEvents& events_;
  Runtime runtime_;
  bool connected_ = true;
  sdk::Services services_;
  std::map<uint32_t, OnConnection> servers_;  // by listener
};

ThisWorker::ThisWorker(uint32_t id, int channel)
    : id_(id), side_(std::make_unique<Side>(channel, events_)) {}

ThisWorker::~ThisWorker() = default;

bool ThisWorker::is_connected() const { return side_->connected(); }

std::optional<bool> ThisWorker::exited_after_disconnect() const {
  if (side_->runtime().asked_to_end()) return true;
  return std::nullopt;
}

void ThisWorker::listen(const ListenOptions& options,
                        OnConnection connection,
                        OnListening listening) {
  side_->Listen(options, std::move(connection), std::move(listening));
}

ThisWorker& ThisWorker::disconnect() {
  side_->runtime().AskToEnd(/*at_once=*/false);
  return *this;
}

void ThisWorker::kill() { side_->runtime().AskToEnd(/*at_once=*/true); }

sdk::Host ThisWorker::host() const { return sdk::Host(side_->services()); }

int ThisWorker::Run() { return side_->runtime().Run(); }

bool ThisWorker::runs_plugin() const { return !side_->started(); }

}  // namespace cluster
