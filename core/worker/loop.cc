#include "core/worker/loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <limits>
#include <span>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/monotonic_clock.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr size_t kEventsPerRound = 128;
// A timer further away than this is as good as none; it keeps sums in range.
constexpr uint64_t kMaxDelayUs = uint64_t{1} << 50;

timespec ToTimespec(int64_t ns) {
  return {.tv_sec = ns / kNsPerSecond, .tv_nsec = ns % kNsPerSecond};
}

// Waits for at most `wait_ns`; below 0: without a limit.
int Wait(int epoll, std::span<epoll_event> events, int64_t wait_ns) {
  static bool in_ns = true;  // whether the kernel has the newer call
  const int capacity = static_cast<int>(events.size());
  if (in_ns) {
    const timespec timeout = ToTimespec(std::max<int64_t>(wait_ns, 0));
    const int count = epoll_pwait2(epoll,
                                   events.data(),
                                   capacity,
                                   wait_ns < 0 ? nullptr : &timeout,
                                   nullptr);
    if (count >= 0 || errno != ENOSYS) return count;
    // Under valgrind, which does not know it.
    in_ns = false;
  }
  // Rounded up: a timer is not early, and the wait for it no busy one.
  constexpr int64_t kNsPerMs = 1'000'000;
  const int64_t wait_ms = std::min<int64_t>((wait_ns + kNsPerMs - 1) / kNsPerMs,
                                            std::numeric_limits<int>::max());
  return epoll_wait(epoll,
                    events.data(),
                    capacity,
                    wait_ns < 0 ? -1 : static_cast<int>(wait_ms));
}

}  // namespace

struct Loop::Watch {
  int fd;
  ReadyFunction ready;
  void* ctx;
  bool removed = false;
  Watch* next = nullptr;
  Watch* previous = nullptr;
};

struct Loop::Timer {
  int64_t deadline_ns;
  Function fire;
  void* ctx;
};

Loop::Loop(UniqueFd epoll, UniqueFd post_event)
    : epoll_(std::move(epoll)), post_event_(std::move(post_event)) {}

absl::StatusOr<std::unique_ptr<Loop>> Loop::Create() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return ErrnoStatus("epoll_create1");
  UniqueFd post_event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!post_event) return ErrnoStatus("eventfd");
  const int post_fd = post_event.get();
  auto loop =
      std::unique_ptr<Loop>(new Loop(std::move(epoll), std::move(post_event)));
  RETURN_IF_ERROR(
      loop->Add(post_fd, EPOLLIN, &Loop::OnPosted, loop.get()).status());
  return loop;
}

Loop::~Loop() {
  while (watches_ != nullptr) Remove(watches_);
  for (const auto& [deadline, timer] : timers_) delete timer;
}

absl::StatusOr<Loop::Watch*> Loop::Add(int fd,
                                       uint32_t epoll_events,
                                       ReadyFunction ready,
                                       void* ctx) {
  auto watch = std::make_unique<Watch>(Watch{fd, ready, ctx});
  epoll_event event = {.events = epoll_events, .data = {.ptr = watch.get()}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return ErrnoStatus("epoll_ctl", absl::StrCat("descriptor ", fd));
  }
  watch->next = watches_;
  if (watches_ != nullptr) watches_->previous = watch.get();
  watches_ = watch.get();
  return watch.release();
}

absl::Status Loop::Modify(Watch* watch, uint32_t epoll_events) {
  epoll_event event = {.events = epoll_events, .data = {.ptr = watch}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, watch->fd, &event) != 0) {
    return ErrnoStatus("epoll_ctl", absl::StrCat("descriptor ", watch->fd));
  }
  return absl::OkStatus();
}

void Loop::Remove(Watch* watch) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watch->fd, nullptr);
  (watch->previous != nullptr ? watch->previous->next : watches_) = watch->next;
  if (watch->next != nullptr) watch->next->previous = watch->previous;
  watch->removed = true;
  removed_.emplace_back(watch);
  if (rounds_running_ == 0) FreeRemoved();
}

void Loop::FreeRemoved() { removed_.clear(); }

Loop::Timer* Loop::StartTimer(uint64_t delay_us, Function fire, void* ctx) {
  const auto delay_ns =
      static_cast<int64_t>(std::min(delay_us, kMaxDelayUs) * 1000);
  auto* timer = new Timer{MonotonicNs() + delay_ns, fire, ctx};
  timers_.emplace(timer->deadline_ns, timer);
  ArmTimerFd();
  return timer;
}

void Loop::CancelTimer(Timer* timer) {
  if (timers_.erase({timer->deadline_ns, timer}) == 0) return;
  delete timer;
  ArmTimerFd();
}

bool Loop::Post(Function run, void* ctx) {
  {
    std::lock_guard lock(post_mutex_);
    if (posted_.size() >= kMaxPosted) return false;
    posted_.emplace_back(run, ctx);
    if (posted_.size() > 1) return true;  // the loop was woken already
  }
  eventfd_write(post_event_.get(), 1);
  return true;
}

void Loop::OnWake(Function wake, void* ctx) {
  wake_ = wake;
  wake_ctx_ = ctx;
}

void Loop::Wake() {
  if (!wake_wanted_.exchange(true)) eventfd_write(post_event_.get(), 1);
}

void Loop::OnPosted(void* loop, uint32_t) {
  auto* self = static_cast<Loop*>(loop);
  eventfd_t count;
  eventfd_read(self->post_event_.get(), &count);
  std::vector<std::pair<Function, void*>> batch;
  {
    std::lock_guard lock(self->post_mutex_);
    batch.swap(self->posted_);
  }
  for (const auto& [run, ctx] : batch) run(ctx);
  if (self->wake_wanted_.exchange(false)) self->wake_(self->wake_ctx_);
}

void Loop::OnTimerFd(void* loop, uint32_t) {
  auto* self = static_cast<Loop*>(loop);
  uint64_t expirations;
  (void)!read(self->timer_fd_.get(), &expirations, sizeof(expirations));
  self->armed_ns_ = 0;
}

void Loop::Round(bool wait) {
  std::array<epoll_event, kEventsPerRound> events;
  const int64_t wait_ns = wait ? WaitNs() : 0;
  const int count = Wait(epoll_.get(), events, wait_ns);
  if (count < 0 && errno != EINTR) failure_ = errno;
  ++rounds_running_;
  round_ends_ = false;
  for (int i = 0; i < count && !round_ends_; ++i) {
    auto* watch = static_cast<Watch*>(events[i].data.ptr);
    if (!watch->removed) watch->ready(watch->ctx, events[i].events);
  }
  FireTimers();
  if (--rounds_running_ == 0) FreeRemoved();
  ArmTimerFd();
}

int64_t Loop::WaitNs() const {
  if (timers_.empty()) return -1;
  return std::max<int64_t>(timers_.begin()->first - MonotonicNs(), 0);
}

void Loop::FireTimers() {
  if (timers_.empty()) return;
  const int64_t now_ns = MonotonicNs();
  // Those started by a callback, however short, are due later than this moment
  // and wait for the next round.
  while (!round_ends_ && !timers_.empty() && timers_.begin()->first <= now_ns) {
    Timer* const timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    const Function fire = timer->fire;
    void* const ctx = timer->ctx;
    delete timer;
    fire(ctx);
  }
}

bool Loop::is_open() const { return fcntl(epoll_.get(), F_GETFD) >= 0; }

absl::StatusOr<int> Loop::Pollable() {
  if (!timer_fd_) {
    UniqueFd timer_fd(
        timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer_fd) return ErrnoStatus("timerfd_create");
    RETURN_IF_ERROR(
        Add(timer_fd.get(), EPOLLIN, &Loop::OnTimerFd, this).status());
    timer_fd_ = std::move(timer_fd);
    ArmTimerFd();
  }
  return epoll_.get();
}

void Loop::ArmTimerFd() {
  // Inside a round the timers may still change; its end arms them once.
  if (!timer_fd_ || rounds_running_ > 0) return;
  const int64_t first_ns = timers_.empty() ? 0 : timers_.begin()->first;
  if (first_ns == armed_ns_) return;
  const itimerspec when = {.it_interval = {}, .it_value = ToTimespec(first_ns)};
  timerfd_settime(timer_fd_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  armed_ns_ = first_ns;
}

}  // namespace cluster
