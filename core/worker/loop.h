// Loop: a worker's event loop, on epoll.
//
// Own, and not Asio, because a plugin with a loop of its own must be able to
// embed it: pollable() is one descriptor that is readable whenever Dispatch()
// has something to do.
//
// Callbacks are a function and its context, as in the plugin ABI. A callback
// may add and end any watch or timer, its own included: what was ended is not
// called again, not even for an event that was already fetched.
//
// Thread safety: the thread that made it; Post() and Wake() alone are safe from
// any thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Loop> loop, Loop::Create());
//   ASSIGN_OR_RETURN(Loop::Watch* watch,
//                    loop->Add(fd, EPOLLIN, &OnReady, this));
//   while (!done) loop->RunOnce();
#ifndef CORE_WORKER_LOOP_H_
#define CORE_WORKER_LOOP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"

namespace cluster {

class Loop {
 public:
  using ReadyFunction = void (*)(void* ctx, uint32_t epoll_events);
  using Function = void (*)(void* ctx);
  struct Watch;
  struct Timer;

  // Functions that may wait in Post's queue.
  static constexpr size_t kMaxPosted = 4096;

  // Errors: the kernel's, such as no descriptors left.
  static absl::StatusOr<std::unique_ptr<Loop>> Create();
  ~Loop();

  // Calls `ready` while `fd` is ready for `epoll_events` (EPOLLIN, EPOLLOUT,
  // EPOLLEXCLUSIVE; level-triggered). The descriptor stays the caller's, who
  // ends the watch before closing it. The loop owns the handle. Errors:
  // epoll_ctl's, such as kAlreadyExists for a second watch on one fd.
  absl::StatusOr<Watch*> Add(int fd,
                             uint32_t epoll_events,
                             ReadyFunction ready,
                             void* ctx);
  absl::Status Modify(Watch* watch, uint32_t epoll_events);
  void Remove(Watch* watch);

  // Calls `fire` once, after `delay_us` microseconds. The loop owns the handle,
  // which ends with the call or with CancelTimer().
  Timer* StartTimer(uint64_t delay_us, Function fire, void* ctx);
  void CancelTimer(Timer* timer);

  // Calls `run` once from the loop. False: kMaxPosted wait already. Any thread.
  bool Post(Function run, void* ctx);

  // Calls the function of OnWake() from the loop, once for all calls before.
  // Not refused when Post's queue is full. Any thread.
  void Wake();
  // REQUIRES: called before the first Wake().
  void OnWake(Function wake, void* ctx);

  // Waits for something to do, and does it.
  void RunOnce() { Round(/*wait=*/true); }

  // Does what there is to do, without waiting.
  void Dispatch() { Round(/*wait=*/false); }

  // From within a call: this round calls no other watch and no timer. What is
  // ready and due then is so in the next.
  void EndRound() { round_ends_ = true; }

  // The errno with which the kernel refused to say what there is to do, 0 if it
  // did not: somebody closed this loop's descriptor, and it does nothing more.
  int failure() const { return failure_; }

  // Whether this loop still has its descriptor. A system call.
  bool is_open() const;

  // A descriptor for another loop to watch, level-triggered. From the first
  // call on, timers also wake this descriptor. Errors: the kernel's.
  absl::StatusOr<int> Pollable();

 private:
  using TimerKey = std::pair<int64_t, Timer*>;

  Loop(UniqueFd epoll, UniqueFd post_event);

  static void OnPosted(void* loop, uint32_t events);
  static void OnTimerFd(void* loop, uint32_t events);

  void Round(bool wait);
  // Nanoseconds until the first timer, -1 if there is none.
  int64_t WaitNs() const;
  void FireTimers();
  // Makes the timer descriptor of an embedded loop follow the first timer.
  void ArmTimerFd();
  void FreeRemoved();

  const UniqueFd epoll_;
  const UniqueFd post_event_;
  UniqueFd timer_fd_;  // only while embedded
  int64_t armed_ns_ = 0;
  int failure_ = 0;
  absl::btree_set<TimerKey> timers_;
  size_t rounds_running_ = 0;
  bool round_ends_ = false;
  std::vector<std::unique_ptr<Watch>> removed_;
  Watch* watches_ = nullptr;  // all live ones, linked

  Function wake_ = nullptr;
  void* wake_ctx_ = nullptr;
  std::atomic<bool> wake_wanted_{false};

  std::mutex post_mutex_;
  std::vector<std::pair<Function, void*>> posted_;  // guarded by post_mutex_
};

}  // namespace cluster

#endif  // CORE_WORKER_LOOP_H_
