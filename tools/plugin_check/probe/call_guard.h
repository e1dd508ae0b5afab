// CallGuard: sees every call of the plugin to its host before it is done. It
// reports what breaks the contract and refuses it, and lets chosen calls fail
// as a host in trouble would.
//
// Thread safety: any thread, but for EnterState, Settle and Begin, which are
// the loop thread's. Lifetime: the process's one is never destroyed: threads of
// the plugin may call when everything else has ended.
//
//   if (const auto no = CallGuard::Get().Check(host, kPost)) return no;
#ifndef TOOLS_PLUGIN_CHECK_PROBE_CALL_GUARD_H_
#define TOOLS_PLUGIN_CHECK_PROBE_CALL_GUARD_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "plugins/abi/cluster_plugin.h"
#include "tools/plugin_check/probe/probe_rule.h"

namespace cluster {

// Which calls fail.
struct Injection {
  std::string function;  // as FullName() has it; "*": all that can fail
  uint64_t call = 0;     // the n-th, from 1; 0: every one
};

class CallGuard {
 public:
  static CallGuard& Get();

  // Before any plugin code runs. `host` is what the plugin will be given. The
  // calling thread is the loop thread from now on.
  // `used` is called once for each service of which a function is called.
  void Begin(const cluster_host* host,
             Injection injection,
             std::function<void(absl::string_view id)> used);

  // Other threads than the loop's cannot know that stop has begun: what they
  // call too late is no finding until Settle().
  void EnterState(uint32_t state) {
    stop_runs_ = state == kStopped;
    state_ = state;
  }
  // Stop has returned.
  void Settle() { stop_runs_ = false; }
  bool on_loop_thread() const {
    return std::this_thread::get_id() == loop_thread_;
  }

  // Returns CLUSTER_OK if the call is to be done, else what to return.
  cluster_status Check(const cluster_host* host, const ProbeRule& rule);
  // For functions that get no host.
  cluster_status Check(const ProbeRule& rule);

  // Reports an argument that cannot be. Returns CLUSTER_E_INVALID.
  cluster_status RefuseArgument(const ProbeRule& rule, absl::string_view what);

 private:
  CallGuard() = default;
  bool Fails(const ProbeRule& rule);
  void NoteUse(absl::string_view service);

  const cluster_host* host_ = nullptr;
  std::thread::id loop_thread_;
  std::atomic<uint32_t> state_ = kLoaded;
  std::atomic<bool> stop_runs_ = false;
  Injection injection_;
  std::function<void(absl::string_view id)> used_;
  std::mutex mutex_;
  std::map<const ProbeRule*, uint64_t> calls_;  // by mutex_
  std::set<absl::string_view> used_services_;   // by mutex_
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_CALL_GUARD_H_
