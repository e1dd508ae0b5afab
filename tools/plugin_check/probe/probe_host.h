// ProbeHost: the host that a probe gives to a plugin. It stands on FakeHost,
// looks at every call in both directions, and can fail or hide what it is told
// to.
//
// Thread safety: Run() is the loop thread's; what `client` may use is marked in
// FakeHost.
// Lifetime: until the process ends, since threads of the plugin may call late.
//
//   ProbeHost& host = ProbeHost::Make(plugin, options);
//   host.Run([&] { Client client(host.fake().Connect()); });
#ifndef TOOLS_PLUGIN_CHECK_PROBE_PROBE_HOST_H_
#define TOOLS_PLUGIN_CHECK_PROBE_PROBE_HOST_H_

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/plugin_loader.h"
#include "plugins/testing/fake_host.h"
#include "tools/plugin_check/probe/call_guard.h"

namespace cluster {

class ProbeHost {
 public:
  struct Options {
    Injection injection;
    std::string hidden_service;  // get_service denies it
    bool allow_draft = false;    // get_service knows drafts
    bool starts = true;          // false: it is stopped right after create
  };

  // Makes the process's one. `plugin` was loaded on this thread.
  static ProbeHost& Make(const LoadedPlugin& plugin, Options options);
  ProbeHost(const ProbeHost&) = delete;
  ProbeHost& operator=(const ProbeHost&) = delete;

  // The ids of all services that a probe offers.
  static std::vector<absl::string_view> ServiceIds(bool allow_draft);

  FakeHost& fake() { return fake_; }

  // Drives the plugin from create to destroy. `client` runs on a thread of its
  // own while it is started.
  void Run(std::function<void()> client);

  // The plugin's own loop has returned too early: a host would end the worker
  // now. No more connections are given.
  bool loop_ended_early() const { return loop_ended_early_; }

 private:
  struct Table;
  friend struct Table;

  ProbeHost(const LoadedPlugin& plugin, Options options);

  cluster_worker_plugin WrappedTable() const;
  const void* GetService(absl::string_view id);
  void CheckListed(absl::string_view id) const;

  const LoadedPlugin plugin_;
  const Options options_;
  FakeHost fake_;
  cluster_host host_ = {};
  std::atomic<bool> loop_ended_early_ = false;
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_PROBE_HOST_H_
