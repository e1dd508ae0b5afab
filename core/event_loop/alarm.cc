#include "core/event_loop/alarm.h"

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <utility>

namespace cluster {

struct Alarm::State {
  explicit State(boost::asio::io_context& io) : timer(io) {}

  boost::asio::steady_timer timer;
  std::function<void()> ring;  // none: not set
  // Tells the handler of this setting from those of earlier ones, which may
  // have become ready before they could be cancelled.
  uint64_t setting = 0;
};

Alarm::Alarm(boost::asio::io_context& io)
    : state_(std::make_shared<State>(io)) {}

Alarm::~Alarm() { Cancel(); }

void Alarm::Set(std::chrono::nanoseconds delay, std::function<void()> ring) {
  const uint64_t setting = ++state_->setting;
  state_->ring = std::move(ring);
  state_->timer.expires_after(delay);
  state_->timer.async_wait(
      [state = state_, setting](const boost::system::error_code&) {
        if (state->setting != setting || !state->ring) return;
        std::exchange(state->ring, nullptr)();
      });
}

void Alarm::Cancel() {
  ++state_->setting;
  state_->ring = nullptr;
  state_->timer.cancel();
}

bool Alarm::set() const { return static_cast<bool>(state_->ring); }

}  // namespace cluster
