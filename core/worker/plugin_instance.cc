#include "core/worker/plugin_instance.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/scoreboard/plugin_phase.h"
#include "plugins/host/exit_code.h"

namespace cluster {
namespace {

cluster_error EmptyError() {
  cluster_error error = {};
  error.size = sizeof(error);
  return error;
}

PluginInstance::Failure FailureOf(absl::string_view function,
                                  absl::string_view plugin,
                                  cluster_status status,
                                  const cluster_error& error) {
  const size_t length = strnlen(error.message, sizeof(error.message));
  return {
      .exit_code = ExitCodeOf(status),
      .reason = absl::StrCat(function,
                             " of ",
                             plugin,
                             " failed with status ",
                             status,
                             ": ",
                             length == 0 ? "it gave no reason"
                                         : std::string(error.message, length))};
}

}  // namespace

std::optional<PluginInstance::Failure> PluginInstance::Create(
    const cluster_host* host) {
  contract_.Enter(PluginPhase::kCreating);
  cluster_error error = EmptyError();
  const cluster_status status = table_.create(host, &self_, &error);
  if (status != CLUSTER_OK) {
    return FailureOf("create", contract_.plugin_name(), status, error);
  }
  created_ = true;
  return std::nullopt;
}

std::optional<PluginInstance::Failure> PluginInstance::Start() {
  contract_.Enter(PluginPhase::kStarting);
  if (table_.start == nullptr) return std::nullopt;
  cluster_error error = EmptyError();
  const cluster_status status = table_.start(self_, &error);
  if (status == CLUSTER_OK) return std::nullopt;
  return FailureOf("start", contract_.plugin_name(), status, error);
}

void PluginInstance::Give(IncomingConnection connection) {
  const cluster_connection given = ToAbi(std::move(connection));
  const PluginPhase before = contract_.Enter(PluginPhase::kConnection);
  table_.on_connection(self_, &given);
  contract_.Enter(before);
}

void PluginInstance::Drain(uint64_t deadline_ms, uint64_t open) {
  if (std::exchange(draining_, true)) return;
  contract_.Enter(PluginPhase::kDraining);
  if (table_.drain == nullptr) return;
  table_.drain(self_, deadline_ms, open);
}

void PluginInstance::End() {
  if (std::exchange(created_, false)) {
    contract_.Enter(PluginPhase::kStopping);
    if (table_.stop != nullptr) table_.stop(self_);
    contract_.Enter(PluginPhase::kDestroying);
    if (table_.destroy != nullptr) table_.destroy(self_);
  }
  contract_.Enter(PluginPhase::kNone);
}

}  // namespace cluster
