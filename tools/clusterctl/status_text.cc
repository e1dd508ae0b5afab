#include "tools/clusterctl/status_text.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/log/json_string.h"

namespace cluster {
namespace {

// What keeps the worker from getting connections comes first.
absl::string_view StateOf(const AdminWorker& worker) {
  if (worker.paused) return "paused";
  if (!worker.ready) return "not ready";
  return worker.state;
}

std::string JsonString(absl::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

// Which build of the plugin runs, and what it has to do without. The second is
// a worker's word, so not to be shown to a terminal as it is.
std::string PluginLines(const AdminStatus& status) {
  std::vector<std::string> parts;
  if (!status.plugin_version.empty()) parts.push_back(status.plugin_version);
  if (!status.build_id.empty()) {
    parts.push_back(absl::StrCat("build id ", status.build_id));
  }
  std::string lines;
  if (!parts.empty()) {
    absl::StrAppend(&lines, "\n  plugin       ", absl::StrJoin(parts, ", "));
  }
  if (!status.reduced.empty()) {
    absl::StrAppend(
        &lines, "\n  reduced      ", absl::Utf8SafeCEscape(status.reduced));
  }
  return lines;
}

std::string WorkerJson(const AdminWorker& worker) {
  return absl::StrCat("{\"id\":",
                      worker.id,
                      ",\"pid\":",
                      worker.pid,
                      ",\"slot\":",
                      worker.slot,
                      ",\"state\":",
                      JsonString(worker.state),
                      ",\"ready\":",
                      worker.ready ? "true" : "false",
                      ",\"paused\":",
                      worker.paused ? "true" : "false",
                      ",\"weight\":",
                      worker.weight,
                      ",\"in_flight\":",
                      worker.in_flight,
                      ",\"requests\":",
                      worker.requests,
                      ",\"finished\":",
                      worker.finished,
                      "}");
}

}  // namespace

std::string ToTable(const AdminStatus& status) {
  std::string text = absl::StrCat(
      status.plugin,
      " on ",
      absl::StrJoin(status.listening, ", "),
      PluginLines(status),
      "\n  policy       ",
      status.policy.empty() ? "the kernel's" : status.policy,
      "\n  data path    ",
      status.data_path,
      absl::StrFormat("\n  connections  %d live (%d wait), %d accepted, %d "
                      "completed\n",
                      status.live,
                      status.pending,
                      status.accepted,
                      status.completed));
  if (status.lost + status.refused + status.expired > 0) {
    absl::StrAppendFormat(&text,
                          "               %d lost, %d refused, %d expired\n",
                          status.lost,
                          status.refused,
                          status.expired);
  }
  absl::StrAppendFormat(&text,
                        "\n%6s %8s %4s %-12s %6s %9s %8s %12s\n",
                        "WORKER",
                        "PID",
                        "SLOT",
                        "STATE",
                        "WEIGHT",
                        "IN FLIGHT",
                        "REQUESTS",
                        "FINISHED");
  for (const AdminWorker& worker : status.workers) {
    absl::StrAppendFormat(&text,
                          "%6d %8d %4d %-12s %6d %9d %8d %12d\n",
                          worker.id,
                          worker.pid,
                          worker.slot,
                          StateOf(worker),
                          worker.weight,
                          worker.in_flight,
                          worker.requests,
                          worker.finished);
  }
  return text;
}

std::string ToJson(const AdminStatus& status) {
  return absl::StrCat(
      "{\"plugin\":",
      JsonString(status.plugin),
      ",\"plugin_version\":",
      JsonString(status.plugin_version),
      ",\"build_id\":",
      JsonString(status.build_id),
      ",\"reduced\":",
      JsonString(status.reduced),
      ",\"policy\":",
      JsonString(status.policy),
      ",\"data_path\":",
      JsonString(status.data_path),
      ",\"listening\":[",
      absl::StrJoin(status.listening,
                    ",",
                    [](std::string* out, const std::string& address) {
                      out->append(JsonString(address));
                    }),
      "],\"workers\":[",
      absl::StrJoin(status.workers,
                    ",",
                    [](std::string* out, const AdminWorker& worker) {
                      out->append(WorkerJson(worker));
                    }),
      absl::StrFormat(
          "],\"accepted\":%d,\"completed\":%d,\"lost\":%d,\"refused\":%d,"
          "\"expired\":%d,\"redispatched\":%d,\"live\":%d,\"pending\":%d}\n",
          status.accepted,
          status.completed,
          status.lost,
          status.refused,
          status.expired,
          status.redispatched,
          status.live,
          status.pending));
}

}  // namespace cluster
