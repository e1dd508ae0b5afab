// Watch and Timer: a wish to be called by the worker's loop. Made by Host; the
// wish ends with the object.
//
// A callback may destroy its own Watch or Timer. What it throws is logged, and
// ends the watch; and the connection, if the watch was made for one.
//
// Thread safety: loop thread only.
// Lifetime: must end before the worker.
//
//   Result<Watch> watch = host().StartWatch(
//       fd, CLUSTER_READABLE, [this](uint32_t events) { Read(); });
#ifndef PLUGINS_SDK_LOOP_H_
#define PLUGINS_SDK_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

class Watch {
 public:
  using Ready = std::function<void(uint32_t events)>;

  // `threw` is called when `ready` has thrown and the watch has ended.
  static Result<Watch> Start(const Services& services,
                             int fd,
                             uint32_t events,
                             Ready ready,
                             std::function<void()> threw = {}) {
    auto state =
        std::make_shared<State>(services, std::move(ready), std::move(threw));
    const cluster_status code = services.loop.watch(
        services.host, fd, events, &OnReady, state.get(), &state->handle);
    if (code != CLUSTER_OK) return Status(code, "cannot watch descriptor");
    return Watch(std::move(state));
  }

  Watch() = default;
  Watch(Watch&& other) = default;
  Watch& operator=(Watch&& other) noexcept {
    if (this == &other) return *this;
    Stop();
    state_ = std::move(other.state_);
    return *this;
  }
  ~Watch() { Stop(); }

  // Replaces the events asked for; 0 asks for none.
  Status Modify(uint32_t events) {
    if (state_ == nullptr || state_->handle == nullptr) {
      return Status(CLUSTER_E_STATE, "the watch has ended");
    }
    const cluster_status code = state_->services.loop.modify(
        state_->services.host, state_->handle, events);
    return code == CLUSTER_OK ? Status() : Status(code, "cannot modify watch");
  }

  // Ends the watch: the callback is not called again.
  void Stop() {
    if (state_ != nullptr) state_->Stop();
    state_.reset();
  }

 private:
  struct State : std::enable_shared_from_this<State> {
    State(const Services& services, Ready ready, std::function<void()> threw)
        : services(services),
          ready(std::move(ready)),
          threw(std::move(threw)) {}
    void Stop() {
      cluster_watch* const old = std::exchange(handle, nullptr);
      if (old != nullptr) services.loop.unwatch(services.host, old);
    }

    const Services& services;
    Ready ready;
    std::function<void()> threw;
    cluster_watch* handle = nullptr;
  };

  explicit Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}

  static void OnReady(void* ctx, uint32_t events) noexcept {
    // Shared, since the callback may destroy the watch that it belongs to.
    const auto state = static_cast<State*>(ctx)->shared_from_this();
    const bool fine =
        CatchAll(state->services, "a watch", [&] { state->ready(events); });
    if (fine) return;
    state->Stop();
    if (state->threw) CatchAll(state->services, "a watch's end", state->threw);
  }

  std::shared_ptr<State> state_;
};

class Timer {
 public:
  static Result<Timer> Start(const Services& services,
                             std::chrono::microseconds delay,
                             std::function<void()> fire) {
    auto state = std::make_shared<State>(services, std::move(fire));
    const auto delay_us = delay.count() < 0 ? 0 : delay.count();
    const cluster_status code = services.loop.start_timer(
        services.host, delay_us, &OnFire, state.get(), &state->handle);
    if (code != CLUSTER_OK) return Status(code, "cannot start timer");
    return Timer(std::move(state));
  }

  Timer() = default;
  Timer(Timer&& other) = default;
  Timer& operator=(Timer&& other) noexcept {
    if (this == &other) return *this;
    Cancel();
    state_ = std::move(other.state_);
    return *this;
  }
  ~Timer() { Cancel(); }

  // Does nothing when the timer has fired.
  void Cancel() {
    if (state_ != nullptr && state_->handle != nullptr) {
      state_->services.loop.cancel_timer(
          state_->services.host, std::exchange(state_->handle, nullptr));
    }
    state_.reset();
  }

 private:
  struct State : std::enable_shared_from_this<State> {
    State(const Services& services, std::function<void()> fire)
        : services(services), fire(std::move(fire)) {}

    const Services& services;
    std::function<void()> fire;
    cluster_timer* handle = nullptr;  // the host frees it when it has fired
  };

  explicit Timer(std::shared_ptr<State> state) : state_(std::move(state)) {}

  static void OnFire(void* ctx) noexcept {
    const auto state = static_cast<State*>(ctx)->shared_from_this();
    state->handle = nullptr;
    CatchAll(state->services, "a timer", [&] { state->fire(); });
  }

  std::shared_ptr<State> state_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_LOOP_H_
