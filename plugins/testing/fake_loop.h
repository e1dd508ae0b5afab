// FakeLoop: the loop of a FakeHost, with cluster.loop/1 and
// cluster.embedding/1: one epoll set, real descriptors, and tasks of other
// threads.
//
// Thread safety: the host's loop thread, but for what is marked.
//
//   std::thread thread([&] { client(); loop.End(); });
//   cluster_status status = loop.Run();
#ifndef PLUGINS_TESTING_FAKE_LOOP_H_
#define PLUGINS_TESTING_FAKE_LOOP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"

struct cluster_watch {
  int fd = -1;
  void (*ready)(void* ctx, uint32_t events) = nullptr;
  void* ctx = nullptr;
  bool ended = false;
};

struct cluster_timer {
  uint64_t due_ns = 0;
  void (*fire)(void* ctx) = nullptr;
  void* ctx = nullptr;
};

namespace cluster {

class FakeLoop {
 public:
  FakeLoop();
  FakeLoop(const FakeLoop&) = delete;
  FakeLoop& operator=(const FakeLoop&) = delete;

  static const cluster_loop_v1& table();
  static const cluster_embedding_v1& embedding_table();

  // Runs until End(); returns CLUSTER_STOPPED.
  cluster_status Run();
  // Runs a loop of the plugin's, which may dispatch this one meanwhile.
  cluster_status RunIn(const std::function<cluster_status()>& run);
  // Goes on until End(), whatever loop ran before.
  void RunOut();
  // Everything is to end when the tasks before this are done. [any-thread]
  void End();
  // What is posted from now on is refused.
  void RefusePosts() { refuses_posts_ = true; }
  // Those that were ended are not called any more: frees them.
  void FreeEndedWatches() { ended_watches_.clear(); }

  // Runs `task` in a later turn. [any-thread]
  void Enqueue(std::function<void()> task);
  // The same, and waits for it. [any-thread but the loop's]
  void RunTask(const std::function<void()>& task);

  // Fires every timer that runs now, whenever it is due.
  void FireTimers();
  // What start_timer returns from now on, if not CLUSTER_OK. [any-thread]
  void set_timer_outcome(cluster_status outcome) { timer_outcome_ = outcome; }

  size_t timers() const { return timers_.size(); }
  size_t watches() const { return watches_.size(); }

 private:
  struct Calls;
  friend struct Calls;

  static FakeLoop& Of(const cluster_host* host);
  // One turn, which waits for nothing. CLUSTER_STOPPED behind End().
  cluster_status Dispatch();
  void DispatchReady();
  // Fires those that are due at `now_ns`.
  void DispatchTimers(uint64_t now_ns);
  void DispatchTasks();
  void ArmTimer();

  const UniqueFd epoll_;
  const UniqueFd wake_;
  const UniqueFd timer_;
  std::set<std::unique_ptr<cluster_watch>> watches_;
  std::vector<std::unique_ptr<cluster_watch>> ended_watches_;
  std::list<std::unique_ptr<cluster_timer>> timers_;
  std::atomic<cluster_status> timer_outcome_ = CLUSTER_OK;
  std::atomic<size_t> posts_ = 0;  // of the plugin, not run yet
  std::atomic<bool> refuses_posts_ = false;
  bool ended_ = false;
  bool in_run_ = false;  // the plugin's own loop, and no turn within it

  std::mutex mu_;
  std::deque<std::function<void()>> tasks_;  // guarded by mu_
};

}  // namespace cluster

#endif  // PLUGINS_TESTING_FAKE_LOOP_H_
