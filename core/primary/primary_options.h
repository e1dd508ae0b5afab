// PrimaryOptions: what a primary serves, and how. It owns the sockets, and
// whoever takes the options takes them.
//
// Thread safety: a plain value.
//
//   PrimaryOptions options;
//   options.sockets.push_back(std::move(listening));
//   options.replacement = replacement;  // how many workers, and which
//   RETURN_IF_ERROR(cluster.start(std::move(options)));
#ifndef CORE_PRIMARY_PRIMARY_OPTIONS_H_
#define CORE_PRIMARY_PRIMARY_OPTIONS_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/unique_fd.h"
#include "core/primary/listeners/listener_group.h"
#include "core/primary/workers/replacement.h"
#include "core/primary/workers/worker_signs.h"
#include "ipc/address.h"

namespace cluster {

struct PrimaryOptions {
  std::vector<UniqueFd> sockets;  // bound (streams listen), non-blocking
  // Their addresses in this order, where the kernel does not know them.
  std::vector<ListenAddress> bound;
  int backlog = 511;      // of listeners that workers ask for
  bool take_fds = false;  // these may be descriptors of this process
  ListenerGroupOptions listeners;
  // A worker that drains is killed a little after it.
  absl::Duration drain_timeout = absl::InfiniteDuration();
  // A worker whose channel is closed, and which still runs after so long, is
  // killed. (One that broke the protocol, after two seconds.)
  absl::Duration orphan_grace = absl::InfiniteDuration();
  // A listener that a worker asked for outlives it for 30 s, for its successor.
  // Else it closes as soon as nobody serves it any more.
  bool keep_ports = false;
  // What it still has when it is destroyed is killed. Else the channels close,
  // which tells the workers to end.
  bool kill_at_end = false;
  // Workers that Start() forks and that are replaced when they end. Without,
  // all forks are the caller's.
  std::optional<ReplacementOptions> replacement;
  WatchdogLimits watchdog = {};
};

}  // namespace cluster

#endif  // CORE_PRIMARY_PRIMARY_OPTIONS_H_
