#include "core/host/host.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "core/admin/admin_messages.h"
#include "core/admin/admin_server.h"
#include "core/base/cpu_count.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "core/cluster.h"
#include "core/cluster/passed_sockets.h"
#include "core/host/banner.h"
#include "core/host/command_words.h"
#include "core/host/exit_codes.h"
#include "core/host/flag_value.h"
#include "core/host/log_observer.h"
#include "core/host/metrics_file.h"
#include "core/host/options.h"
#include "core/host/process_setup.h"
#include "core/host/scheduling.h"
#include "core/host/service_notice.h"
#include "core/primary/metric_family.h"
#include "core/primary/primary.h"
#include "core/primary/replacement.h"
#include "core/primary/worker_spec.h"
#include "core/scoreboard/slot_page.h"
#include "core/supervisor/stdio_plan.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/plugin_file.h"
#include "plugins/host/plugin_name.h"

namespace cluster {
namespace {

// What the host was asked to do, opened and checked: nothing was started yet.
struct Prepared {
  PrimaryOptions primary;
  UniqueFd plugin_file;
  WorkerSpec& program() { return primary.replacement->program; }
  PluginInfo plugin;
  std::vector<ListenAddress> bound;
};

// What is said of it, and what to do where the limit of descriptors is why.
std::string Explain(const absl::Status& status) {
  const int error = ErrnoOf(status);
  rlimit limit = {};
  if (error != EMFILE || getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return std::string(status.message());
  }
  return absl::StrCat(status.message(),
                      "; this process may have ",
                      limit.rlim_cur,
                      " descriptors: raise it with ulimit -n");
}

int Complain(const absl::Status& status, int code) {
  std::fprintf(stderr, "host: %s\n", Explain(status).c_str());
  return code;
}

// ---- Preparing

absl::Status PreparePlugin(const HostOptions& options, Prepared* prepared) {
  WorkerSpec& program = prepared->program();
  ASSIGN_OR_RETURN(
      program.plugin_path,
      FindPlugin(options.plugin, BundledPluginDirs(), UserWorkingDirectory()));
  UniqueFd& file = prepared->plugin_file;
  // Without O_NONBLOCK a FIFO would hold the host until someone writes.
  file.Reset(
      open(program.plugin_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return ErrnoStatus("open", program.plugin_path);
  program.plugin_file = file.get();
  ASSIGN_OR_RETURN(prepared->plugin,
                   ReadPluginFile(file.get(), program.plugin_path));
  program.name = prepared->plugin.name;
  if (program.name.empty()) {
    const size_t slash = program.plugin_path.rfind('/');
    program.name = std::string(
        absl::StripSuffix(program.plugin_path.substr(slash + 1), ".so"));
  }
  return absl::OkStatus();
}

absl::Status PrepareWrap(const HostOptions& options, WorkerSpec* out) {
  out->wrap = options.wrap;
  if (out->wrap.empty()) return absl::OkStatus();
  const char* path = std::getenv("PATH");
  absl::StatusOr<std::string> program =
      FindProgram(out->wrap.front(),
                  path != nullptr ? path : "/usr/bin:/bin",
                  UserWorkingDirectory());
  if (!program.ok()) {
    return FlagError("--wrap",
                     absl::StrJoin(options.wrap, " "),
                     absl::StrCat("cannot run: ", program.status().message()));
  }
  out->wrap.front() = *std::move(program);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ListenAddress>> ParseAddresses(
    const HostOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<PassedSocket> passed, TakePassedSockets());
  const absl::StatusOr<std::vector<std::string>> listen =
      NamePassedSockets(options.listen, passed);
  if (!listen.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--listen=", listen.status().message()));
  }
  if (listen->size() > kMaxListeners) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen: at most ", kMaxListeners, " addresses are possible"));
  }
  std::vector<ListenAddress> addresses;
  for (const std::string& text : *listen) {
    absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    if (!address.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--listen: ", address.status().message()));
    }
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

// A plugin that does not ask for datagrams would leave them unread.
absl::Status CheckDatagrams(const std::vector<ListenAddress>& addresses,
                            const Prepared& prepared) {
  const std::vector<std::string>& services = prepared.plugin.required_services;
  if (!prepared.plugin.has_note ||
      std::find(services.begin(),
                services.end(),
                CLUSTER_SERVICE_DATAGRAM_V1) != services.end()) {
    return absl::OkStatus();
  }
  for (const ListenAddress& address : addresses) {
    // What is no socket is an error of its own, later.
    const absl::StatusOr<ListenAddress> known =
        address.kind == ListenAddress::Kind::kFd ? LocalAddress(address.fd)
                                                 : address;
    if (!known.ok() || known->kind != ListenAddress::Kind::kUdp) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen=",
        address.text,
        ": the plugin ",
        prepared.primary.replacement->program.name,
        " takes no datagrams (it does not require " CLUSTER_SERVICE_DATAGRAM_V1
        ")"));
  }
  return absl::OkStatus();
}

absl::Status Bind(const std::vector<ListenAddress>& addresses,
                  int backlog,
                  Prepared* out) {
  for (const ListenAddress& address : addresses) {
    absl::StatusOr<UniqueFd> socket =
        OpenListener(address, {.backlog = backlog});
    if (!socket.ok()) {
      const bool taken = ErrnoOf(socket.status()) == EADDRINUSE;
      return absl::Status(
          socket.status().code(),
          absl::StrCat("cannot listen on ",
                       ToString(address),
                       ": ",
                       socket.status().message(),
                       taken ? "; stop what listens there, or choose another "
                               "address with --listen=ADDR"
                             : "; choose another with --listen=ADDR"));
    }
    ASSIGN_OR_RETURN(ListenAddress bound, BoundAddress(socket->get(), address));
    out->bound.push_back(std::move(bound));
    out->primary.sockets.push_back(*std::move(socket));
  }
  return absl::OkStatus();
}

void FillOptions(const HostOptions& options, PrimaryOptions* out) {
  ReplacementOptions& replacement = out->replacement.emplace();
  replacement.workers = options.workers;
  replacement.restarts = options.restarts;
  replacement.period = options.restart_period;
  WorkerSpec& program = replacement.program;
  program.config = options.config;
  program.arguments = options.plugin_arguments;
  program.allow_draft = options.allow_draft;
  program.drain_on_sigterm = true;
  program.capture_output = !options.raw_output;
  if (program.capture_output) program.stdio = CapturedOutput();
  out->backlog = options.backlog;
  out->keep_ports = true;
  out->kill_at_end = true;
  out->drain_timeout = options.drain_timeout;
  out->watchdog = {.start_timeout = options.start_timeout,
                   .heartbeat_timeout = options.heartbeat_timeout};
  out->listeners = {.data_path = options.data_path,
                    .backlog = options.backlog,
                    .seed = std::random_device()(),
                    .gather_ns = absl::ToInt64Nanoseconds(options.gather),
                    .dispatch = {.pending_capacity = options.pending,
                                 .pending_timeout_ns = absl::ToInt64Nanoseconds(
                                     options.pending_timeout),
                                 .limits = {}}};
}

// A file that cannot be written is better known now than after a day.
absl::Status CheckMetricsFile(const HostOptions& options) {
  if (options.metrics_file.empty()) return absl::OkStatus();
  boost::asio::io_context io(1);
  MetricsFile file(
      io,
      options.metrics_file,
      [] { return std::string(); },
      [](const absl::Status&) {});
  const absl::Status status = file.Write();
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("--metrics_file: ", status.message()));
}

// ---- Running

Banner BannerOf(const HostOptions& options, const Prepared& prepared) {
  return {.plugin = prepared.primary.replacement->program.name,
          .bound = prepared.bound,
          .workers = options.workers,
          .policy = options.policy,
          .data_path = options.data_path};
}

// The first SIGINT or SIGTERM drains, the second ends at once.
class StopSignals {
 public:
  StopSignals(boost::asio::io_context& io,
              Cluster& cluster,
              Logger& logger,
              const ServiceNotice& notice)
      : signals_(io, SIGINT, SIGTERM),
        cluster_(cluster),
        logger_(logger),
        notice_(notice) {
    Await();
  }

  // The signal that ended the host at once, 0 if none did.
  int second() const { return second_; }

 private:
  void Await() {
    signals_.async_wait([this](const auto& error, int signal) {
      if (error) return;
      if (seen_++ == 0) {
        notice_.Tell("STOPPING=1");
        logger_.Info("draining; once more to stop at once");
        cluster_.engine().Drain();
      } else {
        second_ = signal;
        cluster_.engine().KillAll();
      }
      Await();
    });
  }

  boost::asio::signal_set signals_;
  Cluster& cluster_;
  Logger& logger_;
  const ServiceNotice& notice_;
  int seen_ = 0;
  int second_ = 0;
};

int ExitCodeFor(const PrimaryEnd& end,
                int second_signal,
                const std::string& plugin,
                Logger& logger) {
  if (second_signal != 0) return 128 + second_signal;
  switch (end.kind) {
    case PrimaryEnd::Kind::kPluginRefused:
      logger.Error(
          absl::StrCat("the plugin ", plugin, " cannot run: ", end.reason));
      return kExitPluginRefused;
    case PrimaryEnd::Kind::kWorkersDied:
      logger.Error(absl::StrCat(
          "workers die too often (see --restarts); the last: ", end.reason));
      return kExitWorkersDied;
    case PrimaryEnd::Kind::kDrained:
    case PrimaryEnd::Kind::kKilled:
      break;
  }
  return kExitOk;
}

// Null if nobody wants one.
absl::StatusOr<std::unique_ptr<AdminServer>> OpenAdmin(
    const HostOptions& options, boost::asio::io_context& io, Cluster& cluster) {
  if (options.admin.empty()) return nullptr;
  auto server =
      AdminServer::Create(io, options.admin, [&](const AdminRequest& request) {
        AdminReply reply = cluster.engine().Answer(request);
        reply.status.plugin = options.plugin;
        return reply;
      });
  if (server.ok()) return server;
  return absl::Status(server.status().code(),
                      absl::StrCat("--admin: ", server.status().message()));
}

int Serve(const HostOptions& options, Prepared prepared) {
  Logger logger({.format = options.log_format, .min_level = options.log_level});
  const ServiceNotice notice;
  LogObserver observer(logger, ToText(BannerOf(options, prepared)), [&notice] {
    notice.Tell("READY=1");
  });
  boost::asio::io_context io(1);
  const std::vector<ListenAddress> bound = prepared.bound;
  prepared.primary.bound = bound;
  Cluster cluster(0, nullptr, {.io = &io});
  const auto admin = OpenAdmin(options, io, cluster);
  if (!admin.ok()) {
    for (const ListenAddress& address : bound) RemoveSocketFile(address);
    return Complain(admin.status(), kExitUsage);
  }
  StopSignals signals(io, cluster, logger, notice);
  if (const absl::Status status =
          cluster.start(std::move(prepared.primary), &observer);
      !status.ok()) {
    logger.Error(absl::StrCat("cannot start: ", Explain(status)));
    for (const ListenAddress& address : bound) RemoveSocketFile(address);
    return kExitInternal;
  }
  MetricsFile metrics(
      io,
      options.metrics_file,
      [&cluster] { return ToText(cluster.engine().Metrics()); },
      [&logger](const absl::Status& status) {
        logger.Warning(
            absl::StrCat("cannot write metrics: ", status.message()));
      });
  if (!options.metrics_file.empty()) {
    metrics.WriteEvery(options.metrics_interval);
  }
  cluster.run();
  Primary& engine = cluster.engine();
  for (const ListenAddress& address : bound) RemoveSocketFile(address);
  if (!options.metrics_file.empty()) (void)metrics.Write();
  const ListenerGroup::Accounts accounts = engine.Snapshot();
  logger.Info(absl::StrCat("connections: ", accounts.ledger.Summary()));
  return ExitCodeFor(engine.end(), signals.second(), options.plugin, logger);
}

// Of what HostMain() does: all but what Asio throws.
int RunHost(int argc, char** argv) {
  TakeOverProcess();
  const absl::StatusOr<ParsedCommand> command =
      ParseCommandLine(argc,
                       argv,
                       {.working_directory = UserWorkingDirectory(),
                        .cpus = static_cast<uint32_t>(AvailableCpus())});
  if (!command.ok()) return Complain(command.status(), kExitUsage);
  if (!command->print.empty()) {
    std::fputs(command->print.c_str(), stdout);
    return kExitOk;
  }
  const HostOptions& options = command->options;
  absl::Status status = CheckKernel();
  if (!status.ok()) return Complain(status, kExitInternal);
  RaiseDescriptorLimit();
  Prepared prepared;
  FillOptions(options, &prepared.primary);
  status = PrepareScheduling(options, &prepared.primary.listeners);
  if (!status.ok()) return Complain(status, kExitUsage);
  status = PrepareWrap(options, &prepared.program());
  if (!status.ok()) return Complain(status, kExitUsage);
  status = PreparePlugin(options, &prepared);
  if (!status.ok()) return Complain(status, kExitUsage);
  const absl::StatusOr<std::vector<ListenAddress>> addresses =
      ParseAddresses(options);
  if (!addresses.ok()) return Complain(addresses.status(), kExitUsage);
  status = CheckMetricsFile(options);
  if (!status.ok()) return Complain(status, kExitUsage);
  status = CheckDatagrams(*addresses, prepared);
  if (!status.ok()) return Complain(status, kExitUsage);
  status = Bind(*addresses, options.backlog, &prepared);
  if (!status.ok()) return Complain(status, kExitBind);
  return Serve(options, std::move(prepared));
}

}  // namespace

int HostMain(int argc, char** argv) {
  try {
    return RunHost(argc, argv);
  } catch (const boost::system::system_error& error) {
    return Complain(ErrnoStatus(error.code().value(), "epoll", "the loop"),
                    kExitInternal);
  }
}

}  // namespace cluster
