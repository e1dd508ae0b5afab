#include "plugins/testing/fake_host.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <future>
#include <thread>

namespace cluster {
namespace {

constexpr int kMaxEvents = 64;
constexpr auto kPatience = std::chrono::seconds(10);

uint64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
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

FakeHost::FakeHost()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  host_.size = sizeof(host_);
  host_.abi_major = CLUSTER_ABI_MAJOR;
  host_.abi_minor = CLUSTER_ABI_MINOR;
  host_.host_data = this;
  host_.get_service = &GetService;
  FakeListeners::of = &ListenersOf;
  for (const UniqueFd* own : {&wake_, &timer_}) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, own->get(), &event);
  }
}

FakeHost::~FakeHost() = default;

cluster_status FakeHost::Run(const cluster_worker_plugin& table,
                             std::function<void()> client) {
  table_ = table;
  error_.size = sizeof(error_);
  cluster_status status = table_.create(&host_, &self_, &error_);
  if (status != CLUSTER_OK) return status;
  if (table_.start != nullptr) status = table_.start(self_, &error_);
  if (status == CLUSTER_OK) {
    std::thread thread([&] {
      client();
      Enqueue([this] { stopping_ = true; });
    });
    in_run_ = table_.run != nullptr;
    status = in_run_ ? table_.run(self_) : RunLoop();
    in_run_ = false;
    // A plugin whose loop fails leaves its client waiting for answers.
    while (!stopping_) Dispatch();
    thread.join();
  }
  stop_begun_ = true;
  if (table_.stop != nullptr) table_.stop(self_);
  if (table_.destroy != nullptr) table_.destroy(self_);
  ended_watches_.clear();
  acceptor_.Clear();
  listeners_.Clear();
  return status == CLUSTER_STOPPED ? CLUSTER_OK : status;
}

cluster_status FakeHost::RunLoop() {
  cluster_status status = CLUSTER_OK;
  while (status == CLUSTER_OK) {
    pollfd ready = {epoll_.get(), POLLIN, 0};
    poll(&ready, 1, -1);
    status = Dispatch();
  }
  return status;
}

cluster_status FakeHost::Dispatch() {
  DispatchReady();
  DispatchTimers(NowNs());
  DispatchTasks();
  ended_watches_.clear();
  return stopping_ ? CLUSTER_STOPPED : CLUSTER_OK;
}

void FakeHost::DispatchReady() {
  epoll_event events[kMaxEvents];
  const int count = epoll_wait(epoll_.get(), events, kMaxEvents, 0);
  for (int i = 0; i < count; ++i) {
    auto* watch = static_cast<cluster_watch*>(events[i].data.ptr);
    if (watch == nullptr || watch->ended) continue;
    watch->ready(watch->ctx, FromEpoll(events[i].events));
  }
}

void FakeHost::DispatchTimers(uint64_t now_ns) {
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
void FakeHost::FireTimers() {
  OnLoop([this] {
    for (const auto& timer : timers_) timer->due_ns = 0;
    DispatchTimers(0);
  });
}

void FakeHost::DispatchTasks() {
  Drink(wake_.get());
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mu_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

void FakeHost::ArmTimer() {
  itimerspec when = {};
  uint64_t first = UINT64_MAX;
  for (const auto& timer : timers_) first = std::min(first, timer->due_ns);
  if (first != UINT64_MAX) {
    when.it_value.tv_sec = first / 1'000'000'000;
    when.it_value.tv_nsec = first % 1'000'000'000;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void FakeHost::Enqueue(std::function<void()> task) {
  {
    const std::lock_guard lock(mu_);
    tasks_.push_back(std::move(task));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof(one));
}

void FakeHost::OnLoop(std::function<void()> task) {
  std::promise<void> done;
  Enqueue([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

UniqueFd FakeHost::Connect() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return UniqueFd();
  }
  Give(UniqueFd(ends[1]));
  return UniqueFd(ends[0]);
}

void FakeHost::Give(UniqueFd fd, uint8_t peer_family) {
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);  // as accept4 would have made it
  OnLoop([&] {
    cluster_connection connection = {};
    connection.size = sizeof(connection);
    connection.fd = fd.Release();
    connection.peer.family = peer_family;
    connection.id = next_id_++;
    connection.accepted_ns = NowNs();
    if (!acceptor_.Keep(connection)) Hand(connection);
  });
}

void FakeHost::Hand(const cluster_connection& connection) {
  Began(connection.id);
  table_.on_connection(self_, &connection);
}

void FakeHost::Drain(uint64_t deadline_ms) {
  OnLoop([&] {
    if (table_.drain != nullptr) table_.drain(self_, deadline_ms, open_.size());
  });
}

bool FakeHost::WaitForOpen(size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (open_count_ != count) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    OnLoop([] {});
    std::this_thread::yield();
  }
  return true;
}

std::string FakeHost::log() {
  const std::lock_guard lock(mu_);
  return log_;
}

void FakeHost::Began(uint64_t id) {
  open_.insert(id);
  open_count_ = open_.size();
}

void FakeHost::Ended(uint64_t id) {
  if (open_.erase(id) == 0) ++misreported_;
  open_count_ = open_.size();
}

}  // namespace cluster
