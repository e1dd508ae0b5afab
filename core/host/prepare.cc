#include "core/host/prepare.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/cluster/passed_sockets.h"
#include "core/host/command_words.h"
#include "core/host/flag_value.h"
#include "core/host/metrics_file.h"
#include "core/host/process_setup.h"
#include "core/host/scheduling.h"
#include "core/scoreboard/slot_page.h"
#include "core/supervisor/stdio_plan.h"
#include "core/worker/host_services.h"
#include "ipc/listener.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/offered_services.h"
#include "plugins/host/plugin_name.h"

namespace cluster {
namespace {

// A worker whose channel is closed has no reason to live here.
constexpr absl::Duration kOrphanGrace = absl::Seconds(2);

// Finds and reads the plugin's file, and says nothing about what is in it.
absl::StatusOr<std::vector<std::byte>> OpenPlugin(const HostOptions& options,
                                                  Prepared* prepared) {
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
  return ReadPluginBytes(file.get(), program.plugin_path);
}

// Refuses what no worker of this host could run, as far as the file tells: one
// without a note does not tell the services that it requires.
absl::Status AdoptPlugin(const std::vector<std::byte>& file,
                         bool allow_draft,
                         Prepared* prepared) {
  WorkerSpec& program = prepared->program();
  PluginInfo& plugin = prepared->plugin;
  ASSIGN_OR_RETURN(plugin, ParsePlugin(file, program.plugin_path));
  RETURN_IF_ERROR(CheckCompatible(plugin, program.plugin_path));
  RETURN_IF_ERROR(CheckOffered(plugin.required_services,
                               program.plugin_path,
                               HostServices::Registry().Ids(allow_draft)));
  program.name = plugin.name;
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
  out->orphan_grace = kOrphanGrace;
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

absl::Status BeginRecording(const HostOptions& options, Prepared* prepared) {
  if (options.record_trace.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(prepared->recording, Recording::Begin(options.record_trace));
  prepared->primary.listeners.dispatch.recorder =
      prepared->recording->recorder();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::byte>> PrepareProgram(
    const HostOptions& options, Prepared* out) {
  RETURN_IF_ERROR(PrepareScheduling(options, &out->primary.listeners));
  RETURN_IF_ERROR(PrepareWrap(options, &out->program()));
  return OpenPlugin(options, out);
}

absl::Status PrepareUnbound(const HostOptions& options,
                            std::vector<ListenAddress>* addresses,
                            Prepared* out) {
  ASSIGN_OR_RETURN(*addresses, ParseAddresses(options));
  return CheckDatagrams(*addresses, *out);
}

// Binds, and only then makes the files that are to be written: if the host runs
// already, they are its own, and the addresses are taken.
Refusal BindAndMakeFiles(const HostOptions& options,
                         const std::vector<ListenAddress>& addresses,
                         Prepared* out) {
  absl::Status status = Bind(addresses, options.backlog, out);
  if (!status.ok()) return {std::move(status), kExitBind};
  status = CheckMetricsFile(options);
  if (status.ok()) status = BeginRecording(options, out);
  return {std::move(status), kExitUsage};
}

}  // namespace

Refusal Prepare(const HostOptions& options, Prepared* out) {
  FillOptions(options, &out->primary);
  const absl::StatusOr<std::vector<std::byte>> file =
      PrepareProgram(options, out);
  if (!file.ok()) return {file.status(), kExitUsage};
  absl::Status status = AdoptPlugin(*file, options.allow_draft, out);
  if (!status.ok()) {
    // A file that is no plugin is a wrong name of one.
    const int code =
        absl::IsInvalidArgument(status) ? kExitUsage : kExitPluginRefused;
    return {std::move(status), code};
  }
  std::vector<ListenAddress> addresses;
  status = PrepareUnbound(options, &addresses, out);
  if (!status.ok()) return {std::move(status), kExitUsage};
  Refusal refusal = BindAndMakeFiles(options, addresses, out);
  if (!refusal.why.ok()) {
    for (const ListenAddress& bound : out->bound) RemoveSocketFile(bound);
  }
  return refusal;
}

}  // namespace cluster
