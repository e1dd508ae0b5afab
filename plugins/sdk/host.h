// Host: what a worker asks of the process it runs in. A small handle; copy it.
//
// Thread safety: Log, Config, Argument, worker_id, worker_count, Post,
// SetReady, SetNotReady, Heartbeat, Disconnect, Kill and ReportClosed from any
// thread; the rest on the loop thread. Lifetime: valid as long as the worker
// that was given it.
//
//   host().Log(CLUSTER_LOG_INFO, "ready");
//   std::string_view message = host().Config("message").value_or("hello");
#ifndef PLUGINS_SDK_HOST_H_
#define PLUGINS_SDK_HOST_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/connection.h"
#include "plugins/sdk/loop.h"
#include "plugins/sdk/messages.h"
#include "plugins/sdk/owed_calls.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

class Host {
 public:
  explicit Host(const Services& services) : services_(&services) {}

  const Services& services() const { return *services_; }

  // Writes one line to the host's log. `level` is CLUSTER_LOG_*.
  void Log(int32_t level, std::string_view message) const {
    services_->Log(level, message);
  }

  // Returns the value of --set key=value; none if it was not set. The text
  // lives as long as the process.
  std::optional<std::string_view> Config(const char* key) const {
    return View(services_->config.get(services_->host, key));
  }

  // Returns the n-th --set pair, in the order given; none behind the last. So
  // that a plugin can refuse settings that it does not know.
  std::optional<std::pair<std::string_view, std::string_view>> ConfigEntry(
      uint64_t n) const {
    cluster_string key = {};
    cluster_string value = {};
    services_->config.entry(services_->host, n, &key, &value);
    if (key.data == nullptr) return std::nullopt;
    return std::pair(std::string_view(key.data, key.size),
                     std::string_view(value.data, value.size));
  }

  // Returns the n-th argument after `--`; none behind the last.
  std::optional<std::string_view> Argument(uint64_t n) const {
    return View(services_->config.argument(services_->host, n));
  }

  // This worker's number, from 1 up, and how many workers there are.
  uint32_t worker_id() const {
    return services_->config.worker_id(services_->host);
  }
  uint32_t worker_count() const {
    return services_->config.worker_count(services_->host);
  }

  // This worker's place, from 0, which its successor inherits, and which worker
  // of that place it is, from 1. REQUIRES: a host of ABI 0.2.
  uint32_t slot() const { return services_->config.slot(services_->host); }
  uint32_t generation() const {
    return services_->config.generation(services_->host);
  }

  // Calls `ready` while `fd` is ready for one of `events` (CLUSTER_READABLE,
  // CLUSTER_WRITABLE; level-triggered). The descriptor is borrowed: end the
  // watch before it is closed.
  Result<Watch> StartWatch(int fd, uint32_t events, Watch::Ready ready) const {
    return Watch::Start(*services_, fd, events, std::move(ready));
  }

  // The same for the descriptor of `connection`, which may move. What `ready`
  // throws closes it, and calls `lost` then, so that whoever keeps it lets go.
  Result<Watch> StartWatch(Connection& connection,
                           uint32_t events,
                           Watch::Ready ready,
                           std::function<void()> lost = {}) const {
    auto threw = [place = connection.place(), lost = std::move(lost)] {
      if (*place == nullptr) return;  // it had ended already
      (*place)->Close();
      if (lost) lost();
    };
    return Watch::Start(*services_,
                        connection.fd(),
                        events,
                        std::move(ready),
                        std::move(threw));
  }

  // Calls `fire` once after `delay`.
  Result<Timer> StartTimer(std::chrono::microseconds delay,
                           std::function<void()> fire) const {
    return Timer::Start(*services_, delay, std::move(fire));
  }

  // Calls `run` once on the loop thread, in the order of posting; or never,
  // where the worker stops before: what it captured ends after OnStop.
  //   CLUSTER_E_FULL  too many are waiting; nothing was queued
  Status Post(std::function<void()> run) const {
    auto posted = std::make_unique<Posted>(*services_, std::move(run));
    Posted* const ctx = posted.get();
    const uint64_t key = services_->owed->Keep(std::move(posted));
    const cluster_status code =
        services_->loop.post(services_->host, &OnPosted, ctx);
    if (code == CLUSTER_OK) return Status();
    services_->owed->Take(key);
    return Status(code, "cannot post");
  }

  // Says whether this worker should get connections; OnStart may say no, any
  // thread may change it. `reason` is one line. Nothing on a host of ABI 0.1.
  //   CLUSTER_E_FULL  too much waits for the loop; try again
  Status SetReady() const {
    if (services_->health.ready == nullptr) return Status();
    return OfCode(services_->health.ready(services_->host), "cannot be ready");
  }
  Status SetNotReady(std::string_view reason) const {
    if (services_->health.not_ready == nullptr) return Status();
    return OfCode(services_->health.not_ready(services_->host,
                                              {reason.data(), reason.size()}),
                  "cannot be not ready");
  }
  // Says that the plugin lives: from the first call on, a worker that is silent
  // for --heartbeat_timeout is replaced. Any thread.
  void Heartbeat() const {
    if (services_->health.heartbeat == nullptr) return;
    services_->health.heartbeat(services_->host);
  }

  // Asks that this worker ends, as planned, and another takes its place: when
  // what is open has ended, as in every drain (OnDrain, then OnStop); or, by
  // Kill(), at once (OnStop), whatever is open. Both return before. Any thread.
  //   CLUSTER_E_FULL         too much waits for the loop; try again
  //   CLUSTER_E_STATE        it has not started: let OnStart fail instead
  //   CLUSTER_E_UNSUPPORTED  the host is too old for that
  Status Disconnect() const { return AskToEnd(0); }
  Status Kill() const { return AskToEnd(1); }

  // Calls `received` for each message that is no reply, also for those that
  // came before. A second call replaces the first, unless it fails.
  //   CLUSTER_E_STATE  draining has begun
  Status OnMessage(Messages::Received received) const {
    return Messages::OnMessage(*services_, std::move(received));
  }

  // Sends; the payload is copied, at most 128 MiB, and so are up to 64
  // descriptors.
  //   CLUSTER_E_FULL     128 MiB wait to be read: nothing was sent, try later
  //   CLUSTER_E_GONE     there is no such slot
  //   CLUSTER_E_INVALID  too large, too many descriptors, or a bad one
  Status Send(To to, std::string_view payload, Messages::Fds fds = {}) const {
    return Messages::Send(*services_, to, payload, fds);
  }

  // Sends, and calls `replied` once, unless the worker ends before. Fails as
  // Send, then `replied` is not called. `timeout` is 1 ms to 2^31 ms.
  Status Request(To to,
                 std::string_view payload,
                 std::chrono::milliseconds timeout,
                 Messages::Replied replied,
                 Messages::Fds fds = {}) const {
    return Messages::Request(
        *services_, to, payload, timeout, std::move(replied), fds);
  }

  // Answers Message::request(), once, now or later.
  //   CLUSTER_E_STATE  it was answered, or nobody waits any more
  //   others           as Send
  Status Reply(uint64_t request,
               std::string_view payload,
               Messages::Fds fds = {}) const {
    return Messages::Reply(*services_, request, payload, fds);
  }

  // Ends a connection whose descriptor was taken by Connection::Release.
  void ReportClosed(uint64_t connection_id) const {
    services_->connection.closed(services_->host, connection_id);
  }

 private:
  struct Posted : OwedCalls::Call {
    Posted(const Services& services, std::function<void()> run)
        : services(services), run(std::move(run)) {}

    const Services& services;
    std::function<void()> run;
  };

  static void OnPosted(void* ctx) noexcept {
    Posted& posted = *static_cast<Posted*>(ctx);
    const auto kept = posted.services.owed->Take(posted.key);
    CatchAll(posted.services, "a posted call", [&] { posted.run(); });
  }

  Status AskToEnd(uint8_t at_once) const {
    if (services_->health.end == nullptr) {
      return Status(CLUSTER_E_UNSUPPORTED, "this host ends no worker");
    }
    return OfCode(services_->health.end(services_->host, at_once),
                  "cannot ask for the end");
  }

  static Status OfCode(cluster_status code, const char* message) {
    return code == CLUSTER_OK ? Status() : Status(code, message);
  }

  static std::optional<std::string_view> View(cluster_string text) {
    if (text.data == nullptr) return std::nullopt;
    return std::string_view(text.data, text.size);
  }

  const Services* services_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_HOST_H_
