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

cluster_string Text(const std::string& text) {
  return {text.data(), text.size()};
}

}  // namespace

struct FakeHost::Tables {
  static cluster_status StartWatch(const cluster_host* host,
                                   int32_t fd,
                                   uint32_t events,
                                   void (*ready)(void*, uint32_t),
                                   void* ctx,
                                   cluster_watch** watch) {
    FakeHost& self = Of(host);
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
    return epoll_ctl(Of(host).epoll_.get(), EPOLL_CTL_MOD, watch->fd, &event) ==
                   0
               ? CLUSTER_OK
               : CLUSTER_E_SYSTEM;
  }

  // Kept until the end of the turn: its event may be fetched already.
  static void Unwatch(const cluster_host* host, cluster_watch* watch) {
    FakeHost& self = Of(host);
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
    FakeHost& self = Of(host);
    auto made = std::make_unique<cluster_timer>();
    made->due_ns = NowNs() + delay_us * 1000;
    made->fire = fire;
    made->ctx = ctx;
    *timer = made.get();
    self.timers_.push_back(std::move(made));
    self.ArmTimer();
    return CLUSTER_OK;
  }

  static void CancelTimer(const cluster_host* host, cluster_timer* timer) {
    FakeHost& self = Of(host);
    self.timers_.remove_if(
        [&](const auto& held) { return held.get() == timer; });
    self.ArmTimer();
  }

  static cluster_status Post(const cluster_host* host,
                             void (*run)(void*),
                             void* ctx) {
    Of(host).Enqueue([run, ctx] { run(ctx); });
    return CLUSTER_OK;
  }

  static int32_t Pollable(const cluster_host* host) {
    return Of(host).epoll_.get();
  }
  static cluster_status Dispatch(const cluster_host* host) {
    return Of(host).Dispatch();
  }

  static void Close(const cluster_host* host, int32_t fd, uint64_t id) {
    shutdown(fd, SHUT_RDWR);
    close(fd);
    Of(host).Ended(id);
  }
  static void Closed(const cluster_host* host, uint64_t id) {
    Of(host).Ended(id);
  }
  static cluster_status LocalAddress(const cluster_host*,
                                     int32_t,
                                     cluster_address* address) {
    *address = {};
    address->family = CLUSTER_FAMILY_UNIX;
    return CLUSTER_OK;
  }

  static cluster_string Get(const cluster_host* host, const char* key) {
    const auto& config = Of(host).config;
    const auto at = config.find(key);
    return at == config.end() ? cluster_string{} : Text(at->second);
  }
  static void Entry(const cluster_host* host,
                    uint64_t n,
                    cluster_string* key,
                    cluster_string* value) {
    *key = *value = {};
    for (const auto& [name, text] : Of(host).config) {
      if (n-- == 0) *key = Text(name), *value = Text(text);
    }
  }
  static cluster_string Argument(const cluster_host*, uint64_t) { return {}; }
  static uint32_t WorkerId(const cluster_host*) { return 7; }
  static uint32_t WorkerCount(const cluster_host*) { return 8; }
  static uint32_t Slot(const cluster_host*) { return 6; }
  static uint32_t Generation(const cluster_host*) { return 1; }

  static void Write(const cluster_host* host,
                    int32_t level,
                    cluster_string message) {
    FakeHost& self = Of(host);
    const std::lock_guard lock(self.mu_);
    self.log_ += std::to_string(level) + " ";
    self.log_.append(message.data, message.size);
    self.log_ += "\n";
  }

  static const void* GetService(const cluster_host* host, const char* id) {
    static constexpr cluster_loop_v1 kLoop = {sizeof(kLoop),
                                              0,
                                              &StartWatch,
                                              &Modify,
                                              &Unwatch,
                                              &StartTimer,
                                              &CancelTimer,
                                              &Post};
    static constexpr cluster_embedding_v1 kEmbedding = {
        sizeof(kEmbedding), 0, &Pollable, &Tables::Dispatch};
    static constexpr cluster_connection_v1 kConnection = {
        sizeof(kConnection),
        0,
        &Close,
        &Closed,
        &LocalAddress,
        &FakeTelemetry::Requests<&TelemetryOf>,
        &FakeTelemetry::Bytes<&TelemetryOf>};
    static constexpr cluster_config_v1 kConfig = {sizeof(kConfig),
                                                  0,
                                                  &Get,
                                                  &Entry,
                                                  &Argument,
                                                  &WorkerId,
                                                  &WorkerCount,
                                                  &Slot,
                                                  &Generation};
    static constexpr cluster_log_v1 kLog = {sizeof(kLog), 0, &Write};
    static const std::map<std::string, const void*> kServices = {
        {CLUSTER_SERVICE_LOOP_V1, &kLoop},
        {CLUSTER_SERVICE_EMBEDDING_V1, &kEmbedding},
        {CLUSTER_SERVICE_CONNECTION_V1, &kConnection},
        {CLUSTER_SERVICE_CONFIG_V1, &kConfig},
        {CLUSTER_SERVICE_LOG_V1, &kLog},
        {CLUSTER_SERVICE_MESSAGE_V1, &FakeMessages::table()}};
    if (Of(host).hidden_services.count(id) != 0) return nullptr;
    if (const void* table = FakeTelemetry::Table<&TelemetryOf>(id))
      return table;
    const auto at = kServices.find(id);
    return at == kServices.end() ? FakeListeners::Table(id) : at->second;
  }
};

FakeHost::FakeHost()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  host_.size = sizeof(host_);
  host_.abi_major = CLUSTER_ABI_MAJOR;
  host_.abi_minor = CLUSTER_ABI_MINOR;
  host_.host_data = this;
  host_.get_service = &Tables::GetService;
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
    status = table_.run != nullptr ? table_.run(self_) : RunLoop();
    // A plugin whose loop fails leaves its client waiting for answers.
    while (!stopping_) Dispatch();
    thread.join();
  }
  if (table_.stop != nullptr) table_.stop(self_);
  if (table_.destroy != nullptr) table_.destroy(self_);
  ended_watches_.clear();
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
  DispatchTimers();
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

void FakeHost::DispatchTimers() {
  Drink(timer_.get());
  for (;;) {
    const auto due = std::find_if(
        timers_.begin(), timers_.end(), [now = NowNs()](const auto& timer) {
          return timer->due_ns <= now;
        });
    if (due == timers_.end()) break;
    const std::unique_ptr<cluster_timer> timer = std::move(*due);
    timers_.erase(due);
    timer->fire(timer->ctx);
  }
  ArmTimer();
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
    open_.insert(connection.id);
    open_count_ = open_.size();
    table_.on_connection(self_, &connection);
  });
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

void FakeHost::Ended(uint64_t id) {
  if (open_.erase(id) == 0) ++misreported_;
  open_count_ = open_.size();
}

}  // namespace cluster
