#include "core/primary/connections/steered_queue.h"

#include <poll.h>

#include <chrono>

#include "core/base/duplicate_fd.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

// Between two looks. A connection that its worker does not start is found by
// the third one after it came.
constexpr std::chrono::milliseconds kBetweenLooks{20};

bool IsReadable(int fd) {
  pollfd one = {.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&one, 1, 0) == 1;
}

}  // namespace

SteeredQueue::SteeredQueue(boost::asio::io_context& io,
                           int socket,
                           MakeAcceptLoop make_accept_loop,
                           std::function<uint64_t()> taken,
                           std::function<void()> stalled)
    : io_(io),
      socket_(socket),
      make_accept_loop_(std::move(make_accept_loop)),
      taken_(std::move(taken)),
      stalled_(std::move(stalled)),
      alarm_(io) {}

void SteeredQueue::Leave() {
  accept_loop_.reset();
  detector_.Reset();
  Arm();
}

absl::Status SteeredQueue::Rescue() {
  watch_.reset();
  alarm_.Cancel();
  if (rescued()) return absl::OkStatus();
  ASSIGN_OR_RETURN(UniqueFd copy, DuplicateFd(socket_, "socket of a slot"));
  accept_loop_ = make_accept_loop_(std::move(copy));
  accept_loop_->Start();
  return absl::OkStatus();
}

void SteeredQueue::Close() {
  watch_.reset();
  alarm_.Cancel();
  if (rescued()) accept_loop_->Close();
}

void SteeredQueue::Arm() {
  auto watch = FdWatch::Create(io_, socket_);
  if (!watch.ok()) {
    // No watch left: look without being told.
    alarm_.Set(kBetweenLooks, [this] { Look(); });
    return;
  }
  watch_ = *std::move(watch);
  watch_->OnReadable([this] {
    watch_.reset();
    Look();
  });
}

void SteeredQueue::Look() {
  if (detector_.Look(IsReadable(socket_), taken_())) stalled_();
  if (rescued()) return;
  // While connections keep coming, the alarm alone is enough: to arm a watch
  // that the next one sets off costs more than a look.
  alarm_.Set(kBetweenLooks, [this, taken = taken_()] {
    if (IsReadable(socket_) || taken_() != taken) return Look();
    detector_.Reset();
    Arm();
  });
}

}  // namespace cluster
