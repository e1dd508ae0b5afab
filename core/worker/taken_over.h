// TakenOver: the descriptor that a plugin watches for a listener it takes from
// itself. It is readable while the listener's acceptor is, or while connections
// wait that were received and not taken; it is there before the acceptor.
//
// Thread safety: the worker's loop thread.
#ifndef CORE_WORKER_TAKEN_OVER_H_
#define CORE_WORKER_TAKEN_OVER_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"

namespace cluster {

class TakenOver {
 public:
  // Errors: the kernel's.
  static absl::StatusOr<std::unique_ptr<TakenOver>> Create();

  // An epoll descriptor, level-triggered.
  int pollable() const { return epoll_.get(); }

  // Follows `acceptor`, until Unwatch(). Errors: epoll's.
  absl::Status Watch(int acceptor);
  void Unwatch(int acceptor);

  // Whether connections wait.
  void SetWaiting(bool waiting);

 private:
  TakenOver(UniqueFd epoll, UniqueFd event)
      : epoll_(std::move(epoll)), event_(std::move(event)) {}

  const UniqueFd epoll_;
  const UniqueFd event_;
  bool waiting_ = false;
};

}  // namespace cluster

#endif  // CORE_WORKER_TAKEN_OVER_H_
