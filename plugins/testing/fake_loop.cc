#include "plugins/testing/fake_loop.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <future>

#include "core/base/monotonic_clock.h"
#include "plugins/testing/fake_host.h"

namespace cluster {
namespace {

constexpr int kMaxEvents = 64;
constexpr uint64_t kFarNs = INT64_MAX;
constexpr size_t kMaxPosts = 4096;  // as the host's

// As far away as the clock goes, if it is further.
uint64_t DueNs(uint64_t delay_us) {
  const auto now_ns = static_cast<uint64_t>(MonotonicNs());
  return delay_us > (kFarNs - now_ns) / 1000 ? kFarNs
                                             : now_ns + delay_us * 1000;
}

uint32_t ToEpoll(uint32_t events) {
  return (events & CLUSTER_READABLE ? EPOLLIN : 0u) |
         (events & CLUSTER_WRITABLE ? EPOLLOUT : 0u);
}

uint32_t FromEpoll(uint32_t events) {
  return (events & EPOLLIN ? CLUSTER_READABLE : 0u) |
         (events & EPOLLOUT ? CLUSTER_WRITABLE : 0u) |
         (events & (EPOLLHUP | EPOLLERR) ? CLUSTER_HANGUP : 0u);
}

void Drink(int fd) {
  uint64_t count;
  [[maybe_unused]] const ssize_t n = read(fd, &count, sizeof(count));
}

}  // namespace

// ---- What the plugin calls

struct FakeLoop::Calls {
  static cluster_status StartWatch(const cluster_host* host,
                                   int32_t fd,
                                   uint32_t events,
                                   void (*ready)(void*, uint32_t),
                                   void* ctx,
                                   cluster_watch** watch) {
    FakeLoop& self = Of(host);
    auto made = std::make_unique<cluster_watch>();
    made->fd = fd;
    made->ready = ready;
    made->ctx = ctx;
    epoll_event event = {};
    event.events = ToEpoll(events);
    event.data.ptr = made.get();
    if (epoll_ctl(self.epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return errno == EBADF ? CLUSTER_E_INVALID : CLUSTER_E_SYSTEM;
    }
    *watch = made.get();
    self.watches_.insert(std::move(made));
    return CLUSTER_OK;
  }

  static cluster_status Modify(const cluster_host* host,
                               cluster_watch* watch,
                               uint32_t events) {
    epoll_event event = {};
    event.events = ToEpoll(events);
    event.data.ptr = watch;
    const int epoll = Of(host).epoll_.get();
    return epoll_ctl(epoll, EPOLL_CTL_MOD, watch->fd, &event) == 0
               ? CLUSTER_OK
               : CLUSTER_E_SYSTEM;
  }

  // Kept until the end of the turn: its event may be fetched already.
  static void Unwatch(const cluster_host* host, cluster_watch* watch) {
    FakeLoop& self = Of(host);
    epoll_ctl(self.epoll_.get(), EPOLL_CTL_DEL, watch->fd, nullptr);
    watch->ended = true;
    const auto at = std::find_if(
        self.watches_.begin(), self.watches_.end(), [&](const auto& held) {
          return held.get() == watch;
        });
    self.ended_watches_.push_back(std::move(self.watches_.extract(at).value()));
  }

  static cluster_status StartTimer(const cluster_host* host,
                                   uint64_t delay_us,
                                   void (*fire)(void*),
                                   void* ctx,
                                   cluster_timer** timer) {
    FakeLoop& self = Of(host);
    if (const cluster_status no = self.timer_outcome_) return no;
    auto made = std::make_unique<cluster_timer>();
    made->due_ns = DueNs(delay_us);
    made->fire = fire;
    made->ctx = ctx;
    *timer = made.get();
    self.timers_.push_back(std::move(made));
    self.ArmTimer();
    return CLUSTER_OK;
  }

  static void CancelTimer(const cluster_host* host, cluster_timer* timer) {
    FakeLoop& self = Of(host);
    self.timers_.remove_if(
        [&](const auto& held) { return held.get() == timer; });
    self.ArmTimer();
  }

  static cluster_status Post(const cluster_host* host,
                             void (*run)(void*),
                             void* ctx) {
    FakeLoop& self = Of(host);
    if (self.refuses_posts_) return CLUSTER_E_STATE;
    if (++self.posts_ > kMaxPosts) {
      --self.posts_;
      return CLUSTER_E_FULL;
    }
    self.Enqueue([&self, run, ctx] {
      --self.posts_;
      run(ctx);
    });
    return CLUSTER_OK;
  }

  static int32_t Pollable(const cluster_host* host) {
    return Of(host).epoll_.get();
  }

  static cluster_status Dispatch(const cluster_host* host) {
    FakeLoop& self = Of(host);
    if (!std::exchange(self.in_run_, false)) return CLUSTER_E_STATE;
    const cluster_status status = self.Dispatch();
    self.in_run_ = true;
    return status;
  }
};

const cluster_loop_v1& FakeLoop::table() {
  static constexpr cluster_loop_v1 kTable = {sizeof(kTable),
                                             0,
                                             &Calls::StartWatch,
                                             &Calls::Modify,
                                             &Calls::Unwatch,
                                             &Calls::StartTimer,
                                             &Calls::CancelTimer,
                                             &Calls::Post};
  return kTable;
}

const cluster_embedding_v1& FakeLoop::embedding_table() {
  static constexpr cluster_embedding_v1 kTable = {
      sizeof(kTable), 0, &Calls::Pollable, &Calls::Dispatch};
  return kTable;
}

FakeLoop& FakeLoop::Of(const cluster_host* host) {
  return FakeHost::Of(host).loop_;
}

// ---- The loop

FakeLoop::FakeLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  for (const UniqueFd* own : {&wake_, &timer_}) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, own->get(), &event);
  }
}

cluster_status FakeLoop::Run() {
  cluster_status status = CLUSTER_OK;
  while (status == CLUSTER_OK) {
    pollfd ready = {epoll_.get(), POLLIN, 0};
    poll(&ready, 1, -1);
    status = Dispatch();
  }
  return status;
}

cluster_status FakeLoop::RunIn(const std::function<cluster_status()>& run) {
  in_run_ = true;
  const cluster_status status = run();
  in_run_ = false;
  return status;
}

void FakeLoop::RunOut() {
  while (!ended_) Dispatch();
}

void FakeLoop::End() {
  Enqueue([this] { ended_ = true; });
}

cluster_status FakeLoop::Dispatch() {
  DispatchReady();
  DispatchTimers(static_cast<uint64_t>(MonotonicNs()));
  DispatchTasks();
  ended_watches_.clear();
  return ended_ ? CLUSTER_STOPPED : CLUSTER_OK;
}

void FakeLoop::DispatchReady() {
  epoll_event events[kMaxEvents];
  const int count = epoll_wait(epoll_.get(), events, kMaxEvents, 0);
  for (int i = 0; i < count; ++i) {
    auto* watch = static_cast<cluster_watch*>(events[i].data.ptr);
    if (watch == nullptr || watch->ended) continue;
    watch->ready(watch->ctx, FromEpoll(events[i].events));
  }
}

void FakeLoop::DispatchTimers(uint64_t now_ns) {
  Drink(timer_.get());
  for (;;) {
    const auto due = std::find_if(
        timers_.begin(), timers_.end(), [now_ns](const auto& timer) {
          return timer->due_ns <= now_ns;
        });
    if (due == timers_.end()) break;
    const std::unique_ptr<cluster_timer> timer = std::move(*due);
    timers_.erase(due);
    timer->fire(timer->ctx);
  }
  ArmTimer();
}

// Those that run now: one that starts another would go on for ever.
void FakeLoop::FireTimers() {
  for (const auto& timer : timers_) timer->due_ns = 0;
  DispatchTimers(0);
}

void FakeLoop::DispatchTasks() {
  Drink(wake_.get());
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mu_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

void FakeLoop::ArmTimer() {
  itimerspec when = {};
  uint64_t first = UINT64_MAX;
  for (const auto& timer : timers_) first = std::min(first, timer->due_ns);
  if (first != UINT64_MAX) {
    when.it_value.tv_sec = first / 1'000'000'000;
    when.it_value.tv_nsec = first % 1'000'000'000;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void FakeLoop::Enqueue(std::function<void()> task) {
  {
    const std::lock_guard lock(mu_);
    tasks_.push_back(std::move(task));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof(one));
}

void FakeLoop::RunTask(const std::function<void()>& task) {
  std::promise<void> done;
  Enqueue([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace cluster
