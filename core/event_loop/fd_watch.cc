#include "core/event_loop/fd_watch.h"

#include <sys/epoll.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "core/base/errno_status.h"
#include "core/base/unique_fd.h"

namespace cluster {

using boost::asio::posix::stream_descriptor;

struct FdWatch::State {
  explicit State(boost::asio::io_context& io) : descriptor(io) {}

  stream_descriptor descriptor;
  std::function<void()> readable;
  std::function<void()> writable;
  bool reading = false;  // a wait is outstanding
  bool stopped = true;
  bool destroyed = false;
};

namespace {

// Asio keeps what it made for a descriptor that epoll refused until the context
// ends; who tries again and again would fill the memory with it. So while the
// kernel refuses, an epoll of our own is asked first.
thread_local bool kernel_refuses = false;

int AskKernel(int fd) {
  const UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event = {.events = EPOLLIN, .data = {}};
  const bool taken =
      epoll && epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  return taken ? 0 : errno;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FdWatch>> FdWatch::Create(
    boost::asio::io_context& io, int fd) {
  int error = kernel_refuses ? AskKernel(fd) : 0;
  auto state = std::make_shared<State>(io);
  if (error == 0) {
    boost::system::error_code refused;
    state->descriptor.assign(fd, refused);
    error = refused.value();
  }
  kernel_refuses = error != 0;
  if (error != 0) return ErrnoStatus(error, "epoll_ctl");
  return std::unique_ptr<FdWatch>(new FdWatch(std::move(state)));
}

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
  // Also when it throws: whoever runs the context may run it again.
  const absl::Cleanup go_on = [&] {
    // It may also have stopped, or stopped and begun again.
    if (!state->readable) state->readable = std::move(readable);
    if (!state->stopped && !state->reading) AwaitReadable(state);
  };
  readable();
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
