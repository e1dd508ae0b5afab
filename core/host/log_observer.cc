#include "core/host/log_observer.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/log/line_splitter.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

LogLevel LevelOf(const WorkerEvent& event) {
  const bool bad_exit =
      event.kind == WorkerEventKind::kExit &&
      (event.signal != 0 || event.code != 0 || !event.planned);
  if (bad_exit) return LogLevel::kWarning;
  return event.kind == WorkerEventKind::kError ? LogLevel::kError
                                               : LogLevel::kInfo;
}

std::string DroppedNotice(uint64_t dropped) {
  return absl::StrCat("[", dropped, " lines of plugin output dropped]\n");
}

}  // namespace

LogObserver::LogObserver(Logger& logger,
                         std::string plugin,
                         std::string banner,
                         std::function<void()> serving)
    : logger_(logger),
      plugin_(std::move(plugin)),
      banner_(std::move(banner)),
      serving_(std::move(serving)),
      output_(STDOUT_FILENO, &DroppedNotice) {}

void LogObserver::OnEvent(const WorkerEvent& event) {
  if (event.kind == WorkerEventKind::kListening) {
    listening_ = true;
    TellIfServing();
  }
  std::string text(WorkerEventName(event.kind));
  if (event.kind == WorkerEventKind::kListening && event.listener > 0) {
    absl::StrAppend(&text, ": address ", event.listener + 1);
  }
  if (!event.detail.empty()) absl::StrAppend(&text, ": ", event.detail);
  logger_.LogWorker(event.worker_id, event.pid, LevelOf(event), text);
}

void LogObserver::OnAccepting() {
  accepting_ = true;
  TellIfServing();
}

void LogObserver::OnGivingUp(const PrimaryEnd& end) {
  switch (end.kind) {
    case PrimaryEnd::Kind::kPluginRefused:
      return logger_.Error(
          absl::StrCat("the plugin ", plugin_, " cannot run: ", end.reason));
    case PrimaryEnd::Kind::kWorkersDied:
      return logger_.Error(absl::StrCat(
          "workers die too often (see --restarts); the last: ", end.reason));
    case PrimaryEnd::Kind::kCannotFork:
      return logger_.Error(
          absl::StrCat("no worker can be started: ", end.reason));
    case PrimaryEnd::Kind::kDrained:
    case PrimaryEnd::Kind::kKilled:
      return;
  }
}

void LogObserver::TellIfServing() {
  if (!accepting_ || !listening_ || banner_.empty()) return;
  output_.Write(std::exchange(banner_, ""));
  if (serving_) serving_();
}

void LogObserver::OnLog(uint32_t worker_id,
                        pid_t pid,
                        int level,
                        absl::string_view text) {
  const auto bounded = static_cast<LogLevel>(std::clamp(level, 0, 3));
  absl::string_view whose;
  if (level == CLUSTER_LOG_HOST_MISBEHAVING) whose = "the host misbehaves: ";
  if (level == CLUSTER_LOG_PLUGIN_MISBEHAVING)
    whose = "misbehaviour of plugin ";
  logger_.LogWorker(worker_id, pid, bounded, absl::StrCat(whose, text));
}

void LogObserver::OnOutput(uint32_t worker_id,
                           pid_t pid,
                           int fd,
                           absl::string_view line) {
  if (fd == STDOUT_FILENO) {
    output_.Write(WorkerLine(worker_id, line));
  } else {
    logger_.LogOutput(worker_id, pid, line);
  }
}

}  // namespace cluster
