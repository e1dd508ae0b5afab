// PrimaryOptions: what a primary runs, and how.
#ifndef CORE_PRIMARY_PRIMARY_OPTIONS_H_
#define CORE_PRIMARY_PRIMARY_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/primary/listener_group.h"
#include "core/primary/worker_signs.h"
#include "core/supervisor/restart_window.h"

namespace cluster {

struct PrimaryOptions {
  std::string plugin_name;  // for process titles
  std::string plugin_path;  // absolute
  UniqueFd plugin_file;     // pinned: what every worker loads
  std::vector<std::pair<std::string, std::string>> config;
  std::vector<std::string> arguments;
  bool allow_draft = false;       // services that may still change
  std::vector<UniqueFd> sockets;  // bound (streams listen), non-blocking
  int backlog = 511;              // of listeners that workers ask for
  ListenerGroupOptions listeners;
  uint32_t workers = 1;
  absl::Duration drain_timeout = absl::Seconds(30);
  size_t restarts = RestartWindow::kDefaultIntensity;
  absl::Duration restart_period = RestartWindow::kDefaultPeriod;
  // A worker that ends as planned counts as a restart only if it ends sooner.
  absl::Duration shortest_life = absl::Seconds(1);
  bool capture_output = true;
  // Each worker is started by this command: a path and its arguments; empty:
  // by itself.
  std::vector<std::string> wrap;
  WatchdogLimits watchdog = {};
};

}  // namespace cluster

#endif  // CORE_PRIMARY_PRIMARY_OPTIONS_H_
