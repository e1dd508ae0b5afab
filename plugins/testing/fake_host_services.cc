// The service tables of FakeHost that need its loop and its books.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "plugins/testing/fake_host.h"

namespace cluster {
namespace {

constexpr uint64_t kFarNs = INT64_MAX;
constexpr size_t kMaxPosts = 4096;  // as the host's

uint64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// As far away as the clock goes, if it is further.
uint64_t DueNs(uint64_t delay_us) {
  const uint64_t now_ns = NowNs();
  return delay_us > (kFarNs - now_ns) / 1000 ? kFarNs
                                             : now_ns + delay_us * 1000;
}

uint32_t ToEpoll(uint32_t events) {
  return (events & CLUSTER_READABLE ? EPOLLIN : 0u) |
         (events & CLUSTER_WRITABLE ? EPOLLOUT : 0u);
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
    FakeHost& self = Of(host);
    self.timers_.remove_if(
        [&](const auto& held) { return held.get() == timer; });
    self.ArmTimer();
  }

  static cluster_status Post(const cluster_host* host,
                             void (*run)(void*),
                             void* ctx) {
    FakeHost& self = Of(host);
    if (self.stop_begun_) return CLUSTER_E_STATE;
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
    FakeHost& self = Of(host);
    if (!std::exchange(self.in_run_, false)) return CLUSTER_E_STATE;
    const cluster_status status = self.Dispatch();
    self.in_run_ = true;
    return status;
  }

  static void Close(const cluster_host* host, int32_t fd, uint64_t id) {
    // As the host: what is no socket is not the connection's.
    if (shutdown(fd, SHUT_RDWR) != 0 && (fd < 0 || errno == ENOTSOCK)) {
      ++Of(host).misreported_;
      return;
    }
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
  static cluster_string Argument(const cluster_host* host, uint64_t n) {
    const auto& arguments = Of(host).arguments;
    return n < arguments.size() ? Text(arguments[n]) : cluster_string{};
  }
  template <uint32_t FakeHost::* kField>
  static uint32_t Number(const cluster_host* host) {
    return Of(host).*kField;
  }

  static void Write(const cluster_host* host,
                    int32_t level,
                    cluster_string message) {
    FakeHost& self = Of(host);
    const std::lock_guard lock(self.mu_);
    self.log_ += std::to_string(level) + " ";
    self.log_.append(message.data, message.size);
    self.log_ += "\n";
  }

  static const void* Find(const cluster_host* host, const char* id) {
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
    static constexpr cluster_config_v1 kConfig = {
        sizeof(kConfig),
        0,
        &Get,
        &Entry,
        &Argument,
        &Number<&FakeHost::worker_id>,
        &Number<&FakeHost::worker_count>,
        &Number<&FakeHost::slot>,
        &Number<&FakeHost::generation>};
    static constexpr cluster_log_v1 kLog = {sizeof(kLog), 0, &Write};
    static const std::map<std::string, const void*> kServices = {
        {CLUSTER_SERVICE_LOOP_V1, &kLoop},
        {CLUSTER_SERVICE_EMBEDDING_V1, &kEmbedding},
        {CLUSTER_SERVICE_CONNECTION_V1, &kConnection},
        {CLUSTER_SERVICE_CONFIG_V1, &kConfig},
        {CLUSTER_SERVICE_LOG_V1, &kLog},
        {CLUSTER_SERVICE_ACCEPTOR_V1, &FakeAcceptor::table()},
        {CLUSTER_SERVICE_MESSAGE_V1, &FakeMessages::table()}};
    if (Of(host).hidden_services.count(id) != 0) return nullptr;
    if (const void* table = FakeTelemetry::Table<&TelemetryOf>(id))
      return table;
    const auto at = kServices.find(id);
    return at == kServices.end() ? FakeListeners::Table(id) : at->second;
  }
};

const void* FakeHost::GetService(const cluster_host* host, const char* id) {
  return Tables::Find(host, id);
}

}  // namespace cluster
