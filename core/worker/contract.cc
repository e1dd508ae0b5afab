#include "core/worker/contract.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

// The state that goes with a phase; 0: none of its own.
uint32_t StateOf(PluginPhase phase) {
  switch (phase) {
    case PluginPhase::kLoading:
      return kLoaded;
    case PluginPhase::kCreating:
    case PluginPhase::kStarting:
      return kCreated;
    case PluginPhase::kServing:
      return kStarted;
    case PluginPhase::kDraining:
      return kDraining;
    case PluginPhase::kStopping:
    case PluginPhase::kDestroying:
      return kStopped;
    case PluginPhase::kNone:
      return kDestroyed;
    case PluginPhase::kConnection:
      break;  // that of before
  }
  return 0;
}

}  // namespace

Contract::Contract(LogFunction log) : log_(std::move(log)) {
  current_ = this;
  loop_contract_ = this;
}

Contract::~Contract() {
  if (current_ == this) current_ = nullptr;
  if (loop_contract_ == this) loop_contract_ = nullptr;
}

PluginPhase Contract::Enter(PluginPhase phase) {
  // Before the state, so that whoever sees that sees this.
  stop_runs_.store(phase == PluginPhase::kStopping);
  if (const uint32_t state = StateOf(phase); state != 0) {
    state_.store(state, std::memory_order_release);
  }
  if (phase_word_ != nullptr) {
    phase_word_->store(static_cast<uint32_t>(phase), std::memory_order_relaxed);
  }
  return std::exchange(phase_, phase);
}

cluster_status Contract::Refuse(const CallRule& rule, absl::string_view what) {
  current_->Report(rule, what);
  return CLUSTER_E_INVALID;
}

cluster_status Contract::Breach(const CallRule& rule, bool wrong_thread) {
  if (wrong_thread) {
    current_->Report(
        rule,
        absl::StrCat(
            "called on another thread, where ", TagOf(rule), " is the rule"));
    return CLUSTER_E_THREAD;
  }
  const uint32_t state = current_->state_.load(std::memory_order_acquire);
  if (!on_loop_thread() && current_->stop_runs_.load()) return CLUSTER_E_STATE;
  current_->Report(rule,
                   absl::StrCat("called in state ",
                                StateName(state),
                                ", where ",
                                TagOf(rule),
                                " is the rule"));
  return CLUSTER_E_STATE;
}

void Contract::Report(const CallRule& rule, absl::string_view what) {
  {
    const std::lock_guard lock(mutex_);
    if (!reported_.emplace(&rule, std::string(what)).second) return;
  }
  log_(absl::StrCat(
      plugin_name_, ": ", rule.service, " ", rule.function, ": ", what));
}

}  // namespace cluster
