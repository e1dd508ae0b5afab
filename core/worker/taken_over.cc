#include "core/worker/taken_over.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

absl::Status Follow(int epoll, int fd) {
  epoll_event event = {};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus("epoll_ctl", "acceptor");
}

}  // namespace

absl::StatusOr<std::unique_ptr<TakenOver>> TakenOver::Create() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return ErrnoStatus("epoll_create1");
  UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return ErrnoStatus("eventfd");
  RETURN_IF_ERROR(Follow(epoll.get(), event.get()));
  return std::unique_ptr<TakenOver>(
      new TakenOver(std::move(epoll), std::move(event)));
}

absl::Status TakenOver::Watch(int acceptor) {
  return Follow(epoll_.get(), acceptor);
}

void TakenOver::Unwatch(int acceptor) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, acceptor, nullptr);
}

void TakenOver::SetWaiting(bool waiting) {
  if (std::exchange(waiting_, waiting) == waiting) return;
  uint64_t count = 1;
  [[maybe_unused]] const ssize_t done =
      waiting ? write(event_.get(), &count, sizeof(count))
              : read(event_.get(), &count, sizeof(count));
}

}  // namespace cluster
