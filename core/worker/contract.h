// Contract: on which thread and in which state a plugin may call the functions
// of its host, kept in one place for all services.
//
// Each function of a service begins with a check of its rule. What breaks the
// rule is not done; the first breach of each kind is logged, naming the plugin,
// the function and the rule.
//
// Thread safety: Check and Refuse from any thread; the rest on the thread that
// made it, which is the loop thread.
// Lifetime: the newest one made is the process's (a worker has one).
//
//   constexpr CallRule kPost = {CLUSTER_SERVICE_LOOP_V1, "post", kAnyThread,
//                               kCreated | kStarted | kDraining};
//   if (const auto no = Contract::Check(host, kPost)) return no;
//   if (run == nullptr) return Contract::Refuse(kPost, "run is NULL");
#ifndef CORE_WORKER_CONTRACT_H_
#define CORE_WORKER_CONTRACT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/scoreboard/plugin_phase.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/call_rule.h"

namespace cluster {

class Contract {
 public:
  using LogFunction = std::function<void(std::string text)>;

  // `log` gets a line for each kind of breach, on the thread that broke it.
  explicit Contract(LogFunction log);
  Contract(const Contract&) = delete;
  Contract& operator=(const Contract&) = delete;
  ~Contract();

  void set_plugin_name(std::string name) { plugin_name_ = std::move(name); }
  const std::string& plugin_name() const { return plugin_name_; }
  // Where Enter() shows the phase to the primary. Outlives this.
  void set_phase_word(std::atomic<uint32_t>* word) { phase_word_ = word; }

  // The plugin enters `phase`, and the state that goes with it. Returns the
  // phase it was in.
  PluginPhase Enter(PluginPhase phase);
  PluginPhase phase() const { return phase_; }

  // Returns CLUSTER_OK if `host` is given and `rule` allows a call now and
  // here, else CLUSTER_E_INVALID, CLUSTER_E_THREAD or CLUSTER_E_STATE, logged.
  // What other threads call while `stop` runs is not logged: they cannot know.
  static cluster_status Check(const cluster_host* host, const CallRule& rule) {
    if (host == nullptr) [[unlikely]]
      return Refuse(rule, "its host is NULL");
    return Check(rule);
  }
  // The same for functions that get no host.
  static cluster_status Check(const CallRule& rule) {
    const Contract* const contract = current_;
    const bool wrong_thread = rule.on_loop_thread && !on_loop_thread();
    const bool wrong_state =
        (contract->state_.load(std::memory_order_relaxed) & rule.states) == 0;
    if (!wrong_thread && !wrong_state) [[likely]]
      return CLUSTER_OK;
    return Breach(rule, wrong_thread);
  }

  // Logs that a call was wrong in another way, such as "fd is -1", and returns
  // CLUSTER_E_INVALID. Once for each function and `what`, so keep values out.
  static cluster_status Refuse(const CallRule& rule, absl::string_view what);

  // True on the thread that made the contract.
  static bool on_loop_thread() { return loop_contract_ == current_; }

 private:
  static cluster_status Breach(const CallRule& rule, bool wrong_thread);
  void Report(const CallRule& rule, absl::string_view what);

  inline static Contract* current_ = nullptr;
  // On the loop thread, the contract made there.
  inline static constinit thread_local Contract* loop_contract_ = nullptr;

  const LogFunction log_;
  std::string plugin_name_ = "the plugin";
  PluginPhase phase_ = PluginPhase::kNone;
  std::atomic<uint32_t> state_{kLoaded};
  std::atomic<bool> stop_runs_{false};
  std::atomic<uint32_t>* phase_word_ = nullptr;

  std::mutex mutex_;
  std::set<std::pair<const CallRule*, std::string>> reported_;  // by mutex_
};

}  // namespace cluster

#endif  // CORE_WORKER_CONTRACT_H_
