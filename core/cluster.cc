#include "core/cluster.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/cluster/primary/primary_side.h"
#include "core/control/worker_exit.h"
#include "core/worker/inherited_channel.h"

namespace cluster {
namespace {

// What the environment said when the process began: before main(), so that no
// code of the program's sees, keeps or passes on what is the library's.
struct Role {
  bool is_worker = false;
  absl::StatusOr<InheritedChannel> inherited = absl::UnknownError("");
  std::optional<ThisWorker> worker;
};

Role& OfProcess() {
  static Role& role = *new Role;  // also for what runs at exit
  return role;
}

const bool role_is_known = [] {
  Role& role = OfProcess();
  role.is_worker = IsWorkerProcess();
  if (role.is_worker) role.inherited = TakeInheritedChannel();
  return true;
}();

[[noreturn]] void Refuse(const char* function, const char* whose) {
  std::fprintf(stderr, "cluster: %s() is for %s\n", function, whose);
  std::exit(1);
}

// The worker's own side; made by the first Cluster. Ends the process where it
// runs a plugin, or its primary cannot be reached.
ThisWorker& TheWorker() {
  Role& role = OfProcess();
  if (role.worker.has_value()) return *role.worker;
  if (!role.inherited.ok()) {
    std::fprintf(stderr,
                 "cluster: %s\n",
                 std::string(role.inherited.status().message()).c_str());
    std::exit(kWorkerExitUsage);
  }
  role.worker.emplace(role.inherited->worker_id,
                      role.inherited->channel.Release());
  if (role.worker->runs_plugin()) std::exit(role.worker->Run());
  std::atexit([] { OfProcess().worker->FlushAtExit(); });
  return *role.worker;
}

}  // namespace

void run_if_plugin_worker() {
  if (role_is_known && OfProcess().is_worker) TheWorker();
}

Cluster::Cluster(int argc, char** argv, const ClusterOptions& options) {
  if (role_is_known && OfProcess().is_worker) {
    TheWorker();
    return;
  }
  primary_ = std::make_unique<PrimarySide>(
      PrimarySide::Options{.io = options.io,
                           .keep_ports = options.keep_ports,
                           .drain_timeout = options.drain_timeout,
                           .argc = argc,
                           .argv = argv},
      events_);
  const char* policy = std::getenv("CLUSTER_SCHED_POLICY");
  if (policy != nullptr) primary_->SetPolicyIfKnown(policy);
}

Cluster::~Cluster() = default;

int Cluster::run() {
  return is_primary() ? primary_->Run() : OfProcess().worker->Run();
}

ThisWorker& Cluster::worker() {
  if (is_primary()) Refuse("worker", "workers; this is the primary");
  return *OfProcess().worker;
}

PrimarySide& Cluster::AsPrimary(const char* function) const {
  if (is_worker()) Refuse(function, "the primary; this is a worker");
  return *primary_;
}

std::shared_ptr<Worker> Cluster::fork(const ForkOptions& options) {
  return AsPrimary("fork").Fork(options);
}

Cluster::Workers Cluster::workers() const {
  return AsPrimary("workers").workers();
}

absl::Status Cluster::setup_primary(const Settings& change) {
  return AsPrimary("setup_primary").SetupPrimary(change);
}

std::shared_ptr<const Settings> Cluster::settings() const {
  return AsPrimary("settings").settings();
}

const std::string& Cluster::scheduling_policy() const {
  return AsPrimary("scheduling_policy").policy();
}

void Cluster::set_scheduling_policy(std::string policy) {
  AsPrimary("set_scheduling_policy").SetPolicyForLater(std::move(policy));
}

absl::Status Cluster::start(PrimaryOptions options, PrimaryObserver* observer) {
  return AsPrimary("start").Start(std::move(options), observer);
}

Primary& Cluster::engine() { return AsPrimary("engine").engine(); }

absl::Status Cluster::set_policy(const std::string& policy) {
  return AsPrimary("set_policy").SetPolicy(policy);
}

bool Cluster::send_to_all(const Message& message,
                          HandleArgument handle,
                          const SendOptions& options,
                          SendCallback sent) {
  PrimaryMessages* const messages =
      AsPrimary("send_to_all").MessagesOrTell(sent);
  return messages != nullptr &&
         messages->SendToAll(message, handle, options, std::move(sent));
}

bool Cluster::reply(const Request& request,
                    const Message& message,
                    HandleArgument handle,
                    const SendOptions& options,
                    SendCallback sent) {
  PrimaryMessages* const messages = AsPrimary("reply").MessagesOrTell(sent);
  return messages != nullptr &&
         messages->Reply(request, message, handle, options, std::move(sent));
}

void Cluster::disconnect(std::function<void()> done) {
  AsPrimary("disconnect").DisconnectAll(std::move(done));
}

}  // namespace cluster
