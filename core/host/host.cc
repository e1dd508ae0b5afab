#include "core/host/host.h"

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/admin/admin_messages.h"
#include "core/admin/admin_server.h"
#include "core/base/cpu_count.h"
#include "core/base/errno_status.h"
#include "core/cluster.h"
#include "core/host/banner.h"
#include "core/host/command_words.h"
#include "core/host/host_exit.h"
#include "core/host/host_signals.h"
#include "core/host/log_observer.h"
#include "core/host/metrics_file.h"
#include "core/host/options.h"
#include "core/host/plugin_metrics.h"
#include "core/host/prepare.h"
#include "core/host/process_setup.h"
#include "core/host/recording.h"
#include "core/host/rolling_restart.h"
#include "core/host/service_notice.h"
#include "core/primary/primary.h"
#include "core/primary/telemetry/metric_family.h"
#include "ipc/address.h"
#include "ipc/listener.h"
#include "plugins/host/plugin_file.h"

namespace cluster {
namespace {

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

Banner BannerOf(const HostOptions& options, const Prepared& prepared) {
  return {.plugin = prepared.primary.replacement->program.name,
          .version = prepared.plugin.version,
          .build_id = prepared.plugin.build_id,
          .bound = prepared.bound,
          .workers = options.workers,
          .policy = options.policy,
          .data_path = options.data_path};
}

int ExitCodeFor(const PrimaryEnd& end, int second_signal) {
  if (second_signal != 0) return 128 + second_signal;
  switch (end.kind) {
    case PrimaryEnd::Kind::kPluginRefused:
      return kExitPluginRefused;
    case PrimaryEnd::Kind::kWorkersDied:
      return kExitWorkersDied;
    case PrimaryEnd::Kind::kCannotFork:
      return kExitInternal;
    case PrimaryEnd::Kind::kDrained:
    case PrimaryEnd::Kind::kKilled:
      break;
  }
  return kExitOk;
}

// Null if nobody wants one.
absl::StatusOr<std::unique_ptr<AdminServer>> OpenAdmin(
    const HostOptions& options,
    const PluginInfo& plugin,
    boost::asio::io_context& io,
    Cluster& cluster) {
  if (options.admin.empty()) return nullptr;
  auto server =
      AdminServer::Create(io, options.admin, [&](const AdminRequest& request) {
        AdminReply reply = cluster.engine().admin().Answer(request);
        reply.status.plugin = options.plugin;
        reply.status.plugin_version = plugin.version;
        reply.status.build_id = plugin.build_id;
        reply.status.reduced = cluster.engine().reduced_features();
        return reply;
      });
  if (server.ok()) return server;
  return absl::Status(server.status().code(),
                      absl::StrCat("--admin: ", server.status().message()));
}

// All metrics, those of the plugin last.
std::string MetricsText(absl::string_view name,
                        const PluginInfo& plugin,
                        Primary& engine) {
  return absl::StrCat(
      ToText(PluginMetrics(name, plugin, !engine.reduced_features().empty())),
      ToText(engine.Metrics()));
}

void RemoveSocketFiles(const std::vector<ListenAddress>& bound) {
  for (const ListenAddress& address : bound) RemoveSocketFile(address);
}

void FinishRecording(Recording* recording, Logger& logger) {
  if (recording == nullptr) return;
  const absl::StatusOr<std::string> line = recording->Finish();
  if (line.ok()) return logger.Info(*line);
  logger.Error(
      absl::StrCat("cannot write the trace: ", line.status().message()));
}

int Serve(const HostOptions& options, Prepared prepared) {
  Logger logger({.format = options.log_format, .min_level = options.log_level});
  const ServiceNotice notice;
  LogObserver observer(
      logger, options.plugin, ToText(BannerOf(options, prepared)), [&notice] {
        notice.TellReady();
      });
  boost::asio::io_context io(1);
  const std::vector<ListenAddress> bound = prepared.bound;
  const std::string name = prepared.program().name;
  prepared.primary.bound = bound;
  Cluster cluster(0, nullptr, {.io = &io});
  const auto admin = OpenAdmin(options, prepared.plugin, io, cluster);
  if (!admin.ok()) {
    RemoveSocketFiles(bound);
    return Complain(admin.status(), kExitUsage);
  }
  RollingRestart reload(cluster, [&] {
    logger.Info("reloaded");
    notice.TellReady();
  });
  HostSignals signals(io, cluster, logger, notice, reload);
  if (const absl::Status status =
          cluster.start(std::move(prepared.primary), &observer);
      !status.ok()) {
    logger.Error(absl::StrCat("cannot start: ", Explain(status)));
    RemoveSocketFiles(bound);
    return kExitInternal;
  }
  Primary& engine = cluster.engine();
  MetricsFile metrics(
      io,
      options.metrics_file,
      [&] { return MetricsText(name, prepared.plugin, engine); },
      [&logger](const absl::Status& status) {
        logger.Warning(
            absl::StrCat("cannot write metrics: ", status.message()));
      });
  if (!options.metrics_file.empty()) {
    metrics.WriteEvery(options.metrics_interval);
  }
  cluster.run();
  if (!options.metrics_file.empty()) (void)metrics.Write();
  const Accounts accounts = engine.Snapshot();
  logger.Info(absl::StrCat("connections: ", accounts.ledger.Summary()));
  FinishRecording(prepared.recording.get(), logger);
  return ExitCodeFor(engine.end(), signals.second());
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
  const Refusal refusal = Prepare(options, &prepared);
  if (!refusal.why.ok()) return Complain(refusal.why, refusal.exit_code);
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
