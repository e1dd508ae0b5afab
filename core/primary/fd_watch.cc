#include "core/primary/fd_watch.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

namespace cluster {

using boost::asio::posix::stream_descriptor;

struct FdWatch::State {
  State(boost::asio::io_context& io, int fd) : descriptor(io, fd) {}

  stream_descriptor descriptor;
  std::function<void()> readable;
  std::function<void()> writable;
  bool reading = false;  // a wait is outstanding
  bool stopped = true;
  bool destroyed = false;
};

FdWatch::FdWatch(boost::asio::io_context& io, int fd)
    : state_(std::make_shared<State>(io, fd)) {}

FdWatch::~FdWatch() {
  state_->destroyed = true;
  state_->stopped = true;
  // Leaves epoll and cancels the waits; the descriptor stays open.
  (void)state_->descriptor.release();
}

void FdWatch::OnReadable(std::function<void()> ready) {
  state_->readable = std::move(ready);
  state_->stopped = false;
  if (!state_->reading) AwaitReadable(state_);
}

void FdWatch::AwaitReadable(const std::shared_ptr<State>& state) {
  state->reading = true;
  state->descriptor.async_wait(stream_descriptor::wait_read,
                               [state](const boost::system::error_code& error) {
                                 state->reading = false;
                                 if (!error && !state->stopped) Ready(state);
                               });
}

void FdWatch::Ready(const std::shared_ptr<State>& state) {
  // Out of the state, as the callback may put another in its place.
  std::function<void()> readable = std::exchange(state->readable, nullptr);
  readable();
  // It may also have stopped, or stopped and begun again.
  if (!state->readable) state->readable = std::move(readable);
  if (!state->stopped && !state->reading) AwaitReadable(state);
}

void FdWatch::OnceWritable(std::function<void()> ready) {
  if (state_->writable) return;
  state_->writable = std::move(ready);
  state_->descriptor.async_wait(
      stream_descriptor::wait_write,
      [state = state_](const boost::system::error_code& error) {
        if (state->destroyed) return;
        const auto writable = std::exchange(state->writable, nullptr);
        if (!error) writable();
      });
}

void FdWatch::Stop() { state_->stopped = true; }

}  // namespace cluster
