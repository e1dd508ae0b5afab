#include "core/worker/host_services.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include "core/base/errno_status.h"
#include "core/control/peer_address.h"

namespace cluster {
namespace {

constexpr size_t kMaxLogBytes = 64 << 10;

HostServices& From(const cluster_host* host) {
  return *static_cast<HostServices*>(host->host_data);
}

cluster_string View(const std::string& text) {
  return {text.data(), text.size()};
}

// ---- cluster.loop/1

// The plugin's callback, behind the ABI's event bits.
struct PluginWatch {
  Loop::Watch* watch;
  void (*ready)(void* ctx, uint32_t events);
  void* ctx;
};

uint32_t ToEpoll(uint32_t events) {
  return ((events & CLUSTER_READABLE) != 0 ? EPOLLIN | EPOLLRDHUP : 0) |
         ((events & CLUSTER_WRITABLE) != 0 ? EPOLLOUT : 0);
}

void OnReady(void* ctx, uint32_t epoll_events) {
  const auto* watch = static_cast<PluginWatch*>(ctx);
  uint32_t events = 0;
  if ((epoll_events & (EPOLLIN | EPOLLRDHUP)) != 0) events |= CLUSTER_READABLE;
  if ((epoll_events & EPOLLOUT) != 0) events |= CLUSTER_WRITABLE;
  if ((epoll_events & (EPOLLHUP | EPOLLERR)) != 0) events |= CLUSTER_HANGUP;
  watch->ready(watch->ctx, events);
}

cluster_status ToClusterStatus(const absl::Status& status) {
  if (status.ok()) return CLUSTER_OK;
  errno = ErrnoOf(status);
  return errno == EBADF || errno == EPERM || errno == EEXIST ? CLUSTER_E_INVALID
                                                             : CLUSTER_E_SYSTEM;
}

cluster_status Watch(const cluster_host* host,
                     int32_t fd,
                     uint32_t events,
                     void (*ready)(void* ctx, uint32_t events),
                     void* ctx,
                     cluster_watch** watch) {
  auto plugin_watch =
      std::make_unique<PluginWatch>(PluginWatch{nullptr, ready, ctx});
  const absl::StatusOr<Loop::Watch*> added =
      From(host).loop().Add(fd, ToEpoll(events), &OnReady, plugin_watch.get());
  if (!added.ok()) return ToClusterStatus(added.status());
  plugin_watch->watch = *added;
  *watch = reinterpret_cast<cluster_watch*>(plugin_watch.release());
  return CLUSTER_OK;
}

cluster_status Modify(const cluster_host* host,
                      cluster_watch* watch,
                      uint32_t events) {
  return ToClusterStatus(From(host).loop().Modify(
      reinterpret_cast<PluginWatch*>(watch)->watch, ToEpoll(events)));
}

void Unwatch(const cluster_host* host, cluster_watch* watch) {
  auto* plugin_watch = reinterpret_cast<PluginWatch*>(watch);
  From(host).loop().Remove(plugin_watch->watch);
  delete plugin_watch;
}

cluster_status StartTimer(const cluster_host* host,
                          uint64_t delay_us,
                          void (*fire)(void* ctx),
                          void* ctx,
                          cluster_timer** timer) {
  *timer = reinterpret_cast<cluster_timer*>(
      From(host).loop().StartTimer(delay_us, fire, ctx));
  return CLUSTER_OK;
}

void CancelTimer(const cluster_host* host, cluster_timer* timer) {
  From(host).loop().CancelTimer(reinterpret_cast<Loop::Timer*>(timer));
}

cluster_status Post(const cluster_host* host, void (*run)(void*), void* ctx) {
  return From(host).loop().Post(run, ctx) ? CLUSTER_OK : CLUSTER_E_FULL;
}

constexpr cluster_loop_v1 kLoop = {.size = sizeof(cluster_loop_v1),
                                   .flags = 0,
                                   .watch = &Watch,
                                   .modify = &Modify,
                                   .unwatch = &Unwatch,
                                   .start_timer = &StartTimer,
                                   .cancel_timer = &CancelTimer,
                                   .post = &Post};

// ---- cluster.embedding/1

int32_t Pollable(const cluster_host* host) {
  const absl::StatusOr<int> fd = From(host).loop().Pollable();
  return fd.ok() ? *fd : -1;
}

cluster_status Dispatch(const cluster_host* host) {
  return From(host).Dispatch();
}

constexpr cluster_embedding_v1 kEmbedding = {
    .size = sizeof(cluster_embedding_v1),
    .flags = 0,
    .pollable = &Pollable,
    .dispatch = &Dispatch};

// ---- cluster.connection/1

void Close(const cluster_host* host, int32_t fd, uint64_t) {
  // The primary may hold a copy for some milliseconds more: only shutdown tells
  // the peer at once.
  shutdown(fd, SHUT_RDWR);
  close(fd);
  From(host).ConnectionClosed();
}

void Closed(const cluster_host* host, uint64_t) {
  From(host).ConnectionClosed();
}

cluster_status LocalAddress(const cluster_host*,
                            int32_t fd,
                            cluster_address* address) {
  sockaddr_storage storage;
  socklen_t length = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return CLUSTER_E_SYSTEM;
  }
  const PeerAddress local = ToPeerAddress(storage, length);
  static_assert(sizeof(local) == sizeof(*address));
  std::memcpy(address, &local, sizeof(local));
  return CLUSTER_OK;
}

constexpr cluster_connection_v1 kConnection = {
    .size = sizeof(cluster_connection_v1),
    .flags = 0,
    .close = &Close,
    .closed = &Closed,
    .local_address = &LocalAddress};

// ---- cluster.config/1

cluster_string Get(const cluster_host* host, const char* key) {
  for (const auto& [name, value] : From(host).start().config) {
    if (name == key) return View(value);
  }
  return {nullptr, 0};
}

void Entry(const cluster_host* host,
           uint64_t n,
           cluster_string* key,
           cluster_string* value) {
  const auto& config = From(host).start().config;
  const bool exists = n < config.size();
  *key = exists ? View(config[n].first) : cluster_string{nullptr, 0};
  *value = exists ? View(config[n].second) : cluster_string{nullptr, 0};
}

cluster_string Argument(const cluster_host* host, uint64_t n) {
  const auto& arguments = From(host).start().arguments;
  return n < arguments.size() ? View(arguments[n]) : cluster_string{nullptr, 0};
}

uint32_t WorkerId(const cluster_host* host) {
  return From(host).start().worker_id;
}

uint32_t WorkerCount(const cluster_host* host) {
  return From(host).start().worker_count;
}

constexpr cluster_config_v1 kConfig = {.size = sizeof(cluster_config_v1),
                                       .flags = 0,
                                       .get = &Get,
                                       .entry = &Entry,
                                       .argument = &Argument,
                                       .worker_id = &WorkerId,
                                       .worker_count = &WorkerCount};

// ---- cluster.log/1

void Write(const cluster_host* host, int32_t level, cluster_string message) {
  const size_t size = message.size < kMaxLogBytes ? message.size : kMaxLogBytes;
  From(host).Log(level, size == 0 ? "" : std::string(message.data, size));
}

constexpr cluster_log_v1 kLog = {
    .size = sizeof(cluster_log_v1), .flags = 0, .write = &Write};

constexpr absl::string_view kIds[] = {CLUSTER_SERVICE_LOOP_V1,
                                      CLUSTER_SERVICE_EMBEDDING_V1,
                                      CLUSTER_SERVICE_CONNECTION_V1,
                                      CLUSTER_SERVICE_CONFIG_V1,
                                      CLUSTER_SERVICE_LOG_V1};
constexpr const void* kTables[] = {
    &kLoop, &kEmbedding, &kConnection, &kConfig, &kLog};
static_assert(std::size(kIds) == std::size(kTables));

const void* GetService(const cluster_host*, const char* id) {
  return HostServices::Find(id);
}

}  // namespace

std::span<const absl::string_view> HostServices::Ids() { return kIds; }

const void* HostServices::Find(absl::string_view id) {
  for (size_t i = 0; i < std::size(kIds); ++i) {
    if (id == kIds[i]) return kTables[i];
  }
  return nullptr;
}

HostServices::HostServices(Loop& loop,
                           LogFunction log,
                           DispatchFunction dispatch)
    : loop_(loop), log_(std::move(log)), dispatch_(std::move(dispatch)) {
  host_ = {.size = sizeof(cluster_host),
           .flags = 0,
           .abi_major = CLUSTER_ABI_MAJOR,
           .abi_minor = CLUSTER_ABI_MINOR,
           .host_data = this,
           .get_service = &GetService};
  loop_.OnWake([](void* ctx) { static_cast<HostServices*>(ctx)->on_closed_(); },
               this);
}

void HostServices::Configure(Start start, SlotPage& page) {
  start_ = std::move(start);
  page_ = &page;
}

void HostServices::Log(int level, std::string text) {
  if (std::this_thread::get_id() == loop_thread_) {
    log_(level, std::move(text));
    return;
  }
  struct Line {
    HostServices* services;
    int level;
    std::string text;
  };
  auto line = std::make_unique<Line>(Line{this, level, std::move(text)});
  const auto run = [](void* ctx) {
    const std::unique_ptr<Line> posted(static_cast<Line*>(ctx));
    posted->services->log_(posted->level, std::move(posted->text));
  };
  // A full queue drops the line: waiting could block the thread for good.
  if (loop_.Post(run, line.get())) (void)line.release();
}

void HostServices::ConnectionClosed() {
  page_->completed.fetch_add(1);
  const bool room_wanted = page_->wanted.load() != 0;
  if (!room_wanted && !wake_on_close_.load(std::memory_order_relaxed)) return;
  if (std::this_thread::get_id() == loop_thread_) {
    on_closed_();
  } else {
    loop_.Wake();
  }
}

}  // namespace cluster
