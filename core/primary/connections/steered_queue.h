// SteeredQueue: what the kernel queues at the socket of one slot. It is left to
// the slot's worker while that takes from it, and emptied by the primary while
// no worker does, so that it is never a black hole.
//
// A worker that stands still is noticed by looks at the queue, 20 ms apart: the
// watch that begins them is armed at most once in that time, because each
// connection that arrives wakes an armed one.
//
// Thread safety: the io_context's thread.
#ifndef CORE_PRIMARY_CONNECTIONS_STEERED_QUEUE_H_
#define CORE_PRIMARY_CONNECTIONS_STEERED_QUEUE_H_

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "core/base/stall_detector.h"
#include "core/base/unique_fd.h"
#include "core/event_loop/alarm.h"
#include "core/event_loop/fd_watch.h"
#include "core/primary/connections/accept_loop.h"

namespace cluster {

class SteeredQueue {
 public:
  using MakeAcceptLoop = std::function<std::unique_ptr<AcceptLoop>(UniqueFd)>;

  // `socket` is borrowed and must outlive it. `taken` says how many the worker
  // has ever taken; `stalled` is called when it stands still, and may call
  // Rescue(). Nobody takes at first.
  SteeredQueue(boost::asio::io_context& io,
               int socket,
               MakeAcceptLoop make_accept_loop,
               std::function<uint64_t()> taken,
               std::function<void()> stalled);

  // The slot's worker takes from it.
  void Leave();
  // The primary does. Errors: the kernel's; the worker's copy of the socket is
  // then the only one that is taken from.
  absl::Status Rescue();
  bool rescued() const { return accept_loop_ != nullptr; }

  // There is room again, see AcceptLoop.
  void Resume() {
    if (rescued()) accept_loop_->Resume();
  }
  // Takes what waits, if the primary is the one who does, and nothing after.
  void Close();

 private:
  void Arm();
  void Look();

  boost::asio::io_context& io_;
  const int socket_;
  const MakeAcceptLoop make_accept_loop_;
  const std::function<uint64_t()> taken_;
  const std::function<void()> stalled_;
  std::unique_ptr<AcceptLoop> accept_loop_;  // while rescued
  StallDetector detector_;
  std::unique_ptr<FdWatch> watch_;  // armed
  Alarm alarm_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_STEERED_QUEUE_H_
