#include "tools/plugin_check/probe/probe_main.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "plugins/host/plugin_loader.h"
#include "tools/plugin_check/probe/config_table.h"
#include "tools/plugin_check/probe/connection_table.h"
#include "tools/plugin_check/probe/file_checks.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/loop_tables.h"
#include "tools/plugin_check/probe/probe_host.h"
#include "tools/plugin_check/probe/process_snapshot.h"
#include "tools/plugin_check/probe/reporter.h"
#include "tools/plugin_check/probe/scenario.h"
#include "tools/plugin_check/probe/stage.h"

namespace cluster {
namespace {

constexpr rlim_t kDescriptors = 4096;
// How long threads of the plugin may take to end, or to call too late.
constexpr int kAftermathMs = 300;

// As a worker of the host has it.
void PrepareProcess() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
  setrlimit(RLIMIT_NOFILE, &limit);
  for (const int fd : {kReportFd, kWhereFd}) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// Returns a descriptor, which stays open as the loader wants it.
int OpenPlugin(const ProbeRequest& request) {
  return open(request.plugin.c_str(), O_RDONLY | O_CLOEXEC);
}

absl::StatusOr<LoadedPlugin> Load(const ProbeRequest& request,
                                  int fd,
                                  absl::string_view without_service = {}) {
  std::vector<absl::string_view> services =
      ProbeHost::ServiceIds(request.allow_draft);
  std::erase(services, without_service);
  Reporter::Get().At("its constructors, while it was loaded");
  absl::StatusOr<LoadedPlugin> plugin =
      LoadPlugin(fd, request.plugin, services);
  Reporter::Get().At("no callback");
  return plugin;
}

absl::StatusOr<LoadedPlugin> LoadOrReport(const ProbeRequest& request, int fd) {
  absl::StatusOr<LoadedPlugin> plugin = Load(request, fd);
  if (!plugin.ok()) {
    Reporter::Get().Found(Finding::kNotLoadable, plugin.status().message());
  }
  return plugin;
}

void ReportDescriptors(const ProcessSnapshot& before, absl::string_view when) {
  const auto fresh = NewDescriptors(before, ProcessSnapshot::Take());
  for (const std::string& what : fresh) {
    Reporter::Get().Found(Finding::kDescriptorLeft,
                          absl::StrCat(what, " is open ", when));
  }
}

void CheckLoading(const ProbeRequest& request) {
  const int fd = OpenPlugin(request);
  const ProcessSnapshot before = ProcessSnapshot::Take();
  const absl::StatusOr<LoadedPlugin> plugin = LoadOrReport(request, fd);
  if (!plugin.ok()) return;
  ReportDescriptors(before, "after it was loaded");
  const size_t threads = ProcessSnapshot::Take().threads;
  if (threads <= before.threads) return;
  Reporter::Get().Found(Finding::kThreadStarted,
                        absl::StrCat(threads - before.threads,
                                     " threads were started by loading it"));
}

// A host without the service refuses the plugin before it is created.
void CheckRefusedWithout(const ProbeRequest& request) {
  const absl::StatusOr<LoadedPlugin> plugin =
      Load(request, OpenPlugin(request), request.hidden_service);
  if (!plugin.ok() &&
      absl::StrContains(plugin.status().message(), request.hidden_service)) {
    return;
  }
  Reporter::Get().Found(
      Finding::kNotRefused,
      absl::StrCat("a host without ",
                   request.hidden_service,
                   plugin.ok() ? " loads it: the entry does not list it"
                               : " refuses it and does not name the service"));
}

// Threads get a moment to end; one that does not may still call.
void ReportThreads(const ProcessSnapshot& before) {
  size_t threads = 0;
  for (int waited_ms = 0; waited_ms < kAftermathMs; waited_ms += 10) {
    threads = ProcessSnapshot::Take().threads;
    if (threads <= before.threads) return;
    poll(nullptr, 0, 10);
  }
  Reporter::Get().Found(
      Finding::kThreadLeft,
      absl::StrCat(threads - before.threads, " threads run on after destroy"));
}

void ReportLeftovers(const ProcessSnapshot& before) {
  Reporter& reporter = Reporter::Get();
  const auto report = [&](Finding finding, size_t count, const char* what) {
    if (count == 0) return;
    reporter.Found(finding, absl::StrCat(count, what, " after destroy"));
  };
  report(Finding::kConnectionOpen,
         OpenConnections(),
         " connections had not been ended by close or closed");
  report(Finding::kWatchLeft, LiveWatches(), " watches are held");
  report(Finding::kTimerLeft, LiveTimers(), " timers are held");
  ReportDescriptors(before, "after destroy");
  ReportThreads(before);
}

void PlayScenario(const ProbeRequest& request, const Scenario& scenario) {
  const SignalSnapshot signals = SignalSnapshot::Take();
  const absl::StatusOr<LoadedPlugin> plugin =
      LoadOrReport(request, OpenPlugin(request));
  if (!plugin.ok()) return;
  SetConfig(request.settings, request.arguments);
  ProbeHost& host = ProbeHost::Make(
      *plugin,
      {.injection = {request.failing_function, request.failing_call},
       .hidden_service = request.hidden_service,
       .allow_draft = request.allow_draft,
       .starts = scenario.play != nullptr});
  Stage stage(host, request.patience);
  // With the first thread ThreadSanitizer begins one of its own, that stays.
  std::thread([] {}).join();
  const ProcessSnapshot before = ProcessSnapshot::Take();
  host.Run([&] { scenario.play(stage); });
  ReportLeftovers(before);
  for (const std::string& what :
       ChangedSignals(signals, SignalSnapshot::Take())) {
    Reporter::Get().Found(Finding::kSignalsChanged, what);
  }
}

void Probe(const ProbeRequest& request) {
  if (request.scenario == "file") {
    CheckFile(request.plugin, request.allow_draft);
  } else if (request.scenario == "symbols") {
    CheckSymbols(request.plugin);
  } else if (request.scenario == "load") {
    CheckLoading(request);
  } else if (request.scenario == "note") {
    const auto plugin = LoadOrReport(request, OpenPlugin(request));
    if (plugin.ok()) CheckNote(request.plugin, plugin->entry);
  } else if (request.scenario == "missing_service") {
    CheckRefusedWithout(request);
  } else if (const Scenario* scenario = FindScenario(request.scenario)) {
    PlayScenario(request, *scenario);
  } else {
    Reporter::Get().Skip(
        absl::StrCat("there is no scenario ", request.scenario));
  }
}

}  // namespace

int ProbeMain(const ProbeRequest& request) {
  PrepareProcess();
  Probe(request);
  Reporter::Get().Done();
  // Not by exit(): threads that the plugin left must not see the end of main.
  _exit(0);
}

}  // namespace cluster
