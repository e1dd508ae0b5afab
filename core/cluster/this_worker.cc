#include "core/cluster/this_worker.h"

#include <unistd.h>

#include <cstdio>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/cluster/listener_desk.h"
#include "core/cluster/own_messages.h"
#include "core/control/worker_exit.h"
#include "core/worker/loop.h"
#include "core/worker/runtime.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/services.h"

namespace cluster {
namespace {

// 0 is the primary, as in Message::from().
sdk::To ToId(uint32_t worker) {
  return worker == 0 ? sdk::To::Primary() : sdk::To::Worker(worker);
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
      : events_(events),
        runtime_(UniqueFd(channel), MakeLoop(), &kEntry),
        messages_(runtime_, services_, events_) {
    // A C table has no place for it before `create`.
    newborn_ = this;
    runtime_.Begin();
  }

  Runtime& runtime() { return runtime_; }
  OwnMessages& messages() { return messages_; }
  bool connected() const { return connected_; }
  bool started() const { return services_.host != nullptr; }

  ListenerDesk& desk() { return desk_; }

 private:
  static Side& From(void* self) { return *static_cast<Side*>(self); }

  static cluster_status Create(const cluster_host* host,
                               void** self,
                               cluster_error*) {
    *self = newborn_;
    newborn_->services_ = sdk::Services::Of(host);
    newborn_->desk_.Begin(newborn_->services_);
    return CLUSTER_OK;
  }

  static void OnGiven(void* self, const cluster_connection* given) {
    From(self).desk_.Give(*given);
  }

  static void OnDrain(void* self, uint64_t, uint64_t) {
    From(self).desk_.Drain();
  }

  static void OnStop(void* self) {
    Side& side = From(self);
    side.desk_.Stop();
    side.connected_ = false;
    side.messages_.FailAsked();
    side.events_.of(events::disconnect).Emit();
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
      .drain = &OnDrain,
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
  OwnMessages messages_;
  ListenerDesk desk_{[this] { return runtime_.ends(); },
                     [this](const absl::Status& status) { Error(status); }};
};

ThisWorker::ThisWorker(uint32_t id, int channel)
    : id_(id), side_(std::make_unique<Side>(channel, events_)) {}

ThisWorker::~ThisWorker() = default;

bool ThisWorker::is_connected() const { return side_->connected(); }

WorkerState ThisWorker::state() const {
  if (!is_connected()) return WorkerState::kDisconnected;
  return side_->desk().has_listened() ? WorkerState::kListening
                                      : WorkerState::kOnline;
}

std::optional<bool> ThisWorker::exited_after_disconnect() const {
  if (side_->runtime().asked_to_end()) return true;
  return std::nullopt;
}

std::shared_ptr<Server> ThisWorker::create_server(OnConnection connection) {
  return std::make_shared<Server>(side_->desk(), std::move(connection));
}

std::shared_ptr<Server> ThisWorker::listen(const ListenOptions& options,
                                           OnConnection connection,
                                           OnListening listening) {
  const std::shared_ptr<Server> server = create_server(std::move(connection));
  (void)server->listen(options, std::move(listening));
  return server;
}

std::shared_ptr<DatagramSocket> ThisWorker::create_socket(
    const DatagramOptions& options, DatagramSocket::OnMessage message) {
  return std::make_shared<DatagramSocket>(
      side_->desk(), options, std::move(message));
}

std::shared_ptr<DatagramSocket> ThisWorker::bind(
    const BindOptions& options,
    DatagramSocket::OnMessage message,
    OnListening listening) {
  const std::shared_ptr<DatagramSocket> socket =
      create_socket({}, std::move(message));
  (void)socket->bind(options, std::move(listening));
  return socket;
}

ThisWorker& ThisWorker::disconnect() {
  side_->runtime().AskToEnd(/*at_once=*/false);
  return *this;
}

void ThisWorker::kill() { side_->runtime().AskToEnd(/*at_once=*/true); }

sdk::Host ThisWorker::host() const { return side_->desk().counted_host(); }

int ThisWorker::Run() {
  const int exit_code = side_->runtime().Run();
  side_->messages().EndTurns();
  // What the program has to finish is its own affair. (A plugin has nothing.)
  if (!runs_plugin()) side_->runtime().Leave();
  return exit_code;
}

void ThisWorker::FlushAtExit() { side_->runtime().FlushAtExit(); }

// ---- Messages

bool ThisWorker::send(const Message& message,
                      HandleArgument handle,
                      const SendOptions& options,
                      SendCallback sent) {
  return side_->messages().Send(
      sdk::To::Primary(), message, handle, options, std::move(sent));
}

bool ThisWorker::send_to(uint32_t worker,
                         const Message& message,
                         HandleArgument handle,
                         const SendOptions& options,
                         SendCallback sent) {
  return side_->messages().Send(
      ToId(worker), message, handle, options, std::move(sent));
}

bool ThisWorker::send_to_others(const Message& message,
                                HandleArgument handle,
                                const SendOptions& options,
                                SendCallback sent) {
  return side_->messages().Send(
      sdk::To::Others(), message, handle, options, std::move(sent));
}

void ThisWorker::request(const Message& message,
                         absl::Duration deadline,
                         ReplyCallback replied,
                         HandleArgument handle,
                         const SendOptions& options) {
  side_->messages().Ask(sdk::To::Primary(),
                        message,
                        deadline,
                        std::move(replied),
                        handle,
                        options);
}

void ThisWorker::request_to(uint32_t worker,
                            const Message& message,
                            absl::Duration deadline,
                            ReplyCallback replied,
                            HandleArgument handle,
                            const SendOptions& options) {
  side_->messages().Ask(
      ToId(worker), message, deadline, std::move(replied), handle, options);
}

bool ThisWorker::reply(const Request& request,
                       const Message& message,
                       HandleArgument handle,
                       const SendOptions& options,
                       SendCallback sent) {
  return side_->messages().Reply(
      request, message, handle, options, std::move(sent));
}

Handle ThisWorker::release(Connection connection) {
  const uint64_t id = connection.id();
  Handle handle(connection.Release());
  if (handle) host().ReportClosed(id);
  return handle;
}

bool ThisWorker::runs_plugin() const { return !side_->started(); }

}  // namespace cluster
