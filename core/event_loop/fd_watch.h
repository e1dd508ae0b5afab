// FdWatch: calls back from an io_context while a descriptor is ready.
//
// The one place that knows how Asio's waits and lifetimes go together: a watch
// can be stopped or destroyed at any time, from its own callback too, and is
// then not called again. The descriptor is borrowed; it must stay open as long
// as the watch and is never closed here.
//
// Thread safety: the io_context's thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<FdWatch> watch, FdWatch::Create(io, fd));
//   watch->OnReadable([this] { Read(); });  // until Stop()
#ifndef CORE_EVENT_LOOP_FD_WATCH_H_
#define CORE_EVENT_LOOP_FD_WATCH_H_

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"

namespace cluster {

class FdWatch {
 public:
  // Begins to watch nothing. Errors: epoll_ctl's, such as ENOSPC where the user
  // has as many watches as fs.epoll.max_user_watches allows.
  static absl::StatusOr<std::unique_ptr<FdWatch>> Create(
      boost::asio::io_context& io, int fd);
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  ~FdWatch();

  // Calls `ready` each time `fd` is readable, until Stop().
  void OnReadable(std::function<void()> ready);

  // Calls `ready` once, when `fd` is writable. A call while one waits does
  // nothing.
  void OnceWritable(std::function<void()> ready);

  // Waits no more for reading. OnReadable() begins again.
  void Stop();

 private:
  struct State;
  explicit FdWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static void AwaitReadable(const std::shared_ptr<State>& state);
  static void Ready(const std::shared_ptr<State>& state);

  // Shared with the handlers, which may run after this object is gone.
  std::shared_ptr<State> state_;
};

}  // namespace cluster

#endif  // CORE_EVENT_LOOP_FD_WATCH_H_
