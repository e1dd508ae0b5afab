#include "tools/plugin_check/probe/call_guard.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
CallGuard& CallGuard::Get() {
  static CallGuard* const guard = new CallGuard();
  return *guard;
}

void CallGuard::Begin(const cluster_host* host,
                      Injection injection,
                      std::function<void(absl::string_view id)> used) {
  host_ = host;
  used_ = std::move(used);
  injection_ = std::move(injection);
  loop_thread_ = std::this_thread::get_id();
}

cluster_status CallGuard::Check(const cluster_host* host,
                                const ProbeRule& rule) {
  if (host != host_) {
    return RefuseArgument(rule, "its host is not the one given to create");
  }
  return Check(rule);
}

cluster_status CallGuard::Check(const ProbeRule& rule) {
  const uint32_t state = state_;
  const std::string name = FullName(rule);
  if (state == kDestroyed && (rule.states & kDestroyed) == 0) {
    Reporter::Get().Found(Finding::kLateCall,
                          absl::StrCat(name, " was called after destroy"));
    return CLUSTER_E_STATE;
  }
  if (rule.on_loop_thread && !on_loop_thread()) {
    Reporter::Get().Found(
        Finding::kWrongThread,
        absl::StrCat(
            name, " was called on another thread; its tag is ", TagOf(rule)));
    return CLUSTER_E_THREAD;
  }
  if ((state & rule.states) == 0) {
    if (!on_loop_thread() && stop_runs_) return CLUSTER_E_STATE;
    Reporter::Get().Found(Finding::kWrongState,
                          absl::StrCat(name,
                                       " was called in state ",
                                       StateName(state),
                                       "; its tag is ",
                                       TagOf(rule)));
    return CLUSTER_E_STATE;
  }
  NoteUse(rule.service);
  if (rule.failure == CLUSTER_OK) return CLUSTER_OK;
  Reporter::Get().Saw(name);
  return Fails(rule) ? rule.failure : CLUSTER_OK;
}

cluster_status CallGuard::RefuseArgument(const ProbeRule& rule,
                                         absl::string_view what) {
  Reporter::Get().Found(Finding::kBadArgument,
                        absl::StrCat(FullName(rule), ": ", what));
  return CLUSTER_E_INVALID;
}

void CallGuard::NoteUse(absl::string_view service) {
  {
    const std::lock_guard lock(mutex_);
    if (!used_services_.insert(service).second) return;
  }
  used_(service);
}

bool CallGuard::Fails(const ProbeRule& rule) {
  if (injection_.function == "*") return true;
  if (injection_.function != FullName(rule)) return false;
  const std::lock_guard lock(mutex_);
  const uint64_t call = ++calls_[&rule];
  return injection_.call == 0 || injection_.call == call;
}

}  // namespace cluster
