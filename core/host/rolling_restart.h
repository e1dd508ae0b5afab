// RollingRestart: replaces the workers of a cluster, one after the other, each
// when the successor of the one before listens.
//
// Thread safety: the cluster's thread. Lifetime: the cluster must outlive it.
//
//   RollingRestart restart(cluster, [] { /* all are new */ });
//   restart.Begin();
#ifndef CORE_HOST_ROLLING_RESTART_H_
#define CORE_HOST_ROLLING_RESTART_H_

#include <cstdint>
#include <deque>
#include <functional>

#include "core/cluster.h"

namespace cluster {

class RollingRestart {
 public:
  // `done` is called when the last successor listens.
  RollingRestart(Cluster& cluster, std::function<void()> done);
  RollingRestart(const RollingRestart&) = delete;
  RollingRestart& operator=(const RollingRestart&) = delete;
  ~RollingRestart() { cluster_.off(listener_); }

  // Replaces those that are there now. While it runs, their successors that
  // listen already are replaced once more.
  void Begin();
  // Replaces no more; `done` is not called. For a cluster that drains.
  void Stop() { running_ = false; }

 private:
  void Next();

  Cluster& cluster_;
  const std::function<void()> done_;
  ListenerId listener_;
  bool running_ = false;
  std::deque<uint32_t> left_;  // ids, the one to replace next first
  uint32_t newest_ = 0;        // a successor's id is higher
};

}  // namespace cluster

#endif  // CORE_HOST_ROLLING_RESTART_H_
