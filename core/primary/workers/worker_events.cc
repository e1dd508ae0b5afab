#include "core/primary/workers/worker_events.h"

#include <string.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/monotonic_clock.h"
#include "core/primary/workers/exit_words.h"
#include "core/scoreboard/plugin_phase.h"
#include "core/scoreboard/slot_page.h"
#include "core/supervisor/worker_record.h"

namespace cluster {
namespace {

std::string SinceFork(const WorkerProcess& worker) {
  return absl::StrFormat(
      "%.1f ms after fork",
      static_cast<double>(MonotonicNs() - worker.fork_ns()) * 1e-6);
}

std::string HowItEnded(const WorkerProcess& worker) {
  const WorkerExit exit = worker.record.exit.value_or(WorkerExit());
  if (exit.signal != 0) {
    const char* const name = sigabbrev_np(exit.signal);
    return absl::StrCat("killed by signal ",
                        exit.signal,
                        " (SIG",
                        name != nullptr ? name : "?",
                        ")");
  }
  std::string text = absl::StrCat("exited with code ", exit.code);
  // A program on the library has codes of its own.
  const absl::string_view words =
      worker.plugin.empty() ? "" : ExitWords(exit.code);
  if (!words.empty()) absl::StrAppend(&text, " (", words, ")");
  return text;
}

}  // namespace

std::optional<WorkerEventKind> EventOf(WorkerEffect effect) {
  switch (effect) {
    case WorkerEffect::kEmitError:
      return WorkerEventKind::kError;
    case WorkerEffect::kEmitFork:
      return WorkerEventKind::kFork;
    case WorkerEffect::kEmitOnline:
      return WorkerEventKind::kOnline;
    case WorkerEffect::kEmitListening:
      return WorkerEventKind::kListening;
    case WorkerEffect::kEmitDisconnect:
      return WorkerEventKind::kDisconnect;
    case WorkerEffect::kEmitExit:
      return WorkerEventKind::kExit;
    default:
      return std::nullopt;
  }
}

WorkerEvent DescribeEvent(WorkerEventKind kind, const WorkerProcess& worker) {
  const WorkerExit exit = worker.record.exit.value_or(WorkerExit());
  WorkerEvent event = {
      .kind = kind,
      .worker_id = worker.id(),
      .pid = worker.pid(),
      .code = exit.code,
      .signal = exit.signal,
      .planned = worker.record.exited_after_disconnect.value_or(false),
      .detail = {}};
  if (kind == WorkerEventKind::kOnline) {
    event.detail = SinceFork(worker);
  } else if (kind == WorkerEventKind::kListening) {
    event.listener = worker.listeners.newest();
  } else if (kind == WorkerEventKind::kExit) {
    event.detail =
        worker.reason_follows ? HowItEnded(worker) : DescribeExit(worker);
  }
  return event;
}

std::string DescribeExit(const WorkerProcess& worker) {
  std::string text = HowItEnded(worker);
  const std::string where =
      DescribePhase(worker.slot().page().phase.load(), worker.plugin);
  if (!where.empty()) absl::StrAppend(&text, " ", where);
  if (!worker.last_words.empty()) {
    absl::StrAppend(&text, ": ", worker.last_words);
  }
  return text;
}

}  // namespace cluster
