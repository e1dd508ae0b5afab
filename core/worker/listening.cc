#include "core/worker/listening.h"

#include <poll.h>
#include <sys/epoll.h>

#include "core/base/monotonic_clock.h"

namespace cluster {
namespace {

// Out of descriptors, a worker tries again after this.
constexpr uint64_t kBackOffUs = 50'000;

}  // namespace

absl::Status Listening::Begin() {
  begun_ = true;
  if (held()) return absl::OkStatus();
  if (taken_over_ != nullptr) {
    const absl::Status status = taken_over_->Watch(acceptor_->fd());
    followed_ = status.ok();
    return status;
  }
  const absl::StatusOr<Loop::Watch*> watch = loop_.Add(
      acceptor_->fd(), acceptor_->epoll_events(), &Listening::OnReady, this);
  if (watch.ok()) watch_ = *watch;
  return watch.status();
}

void Listening::BackOff() {
  EndWatch();
  if (held()) return;
  resume_ = loop_.StartTimer(kBackOffUs, &Listening::OnResume, this);
}

void Listening::Hold(uint32_t reason) {
  holds_ |= reason;
  EndWatch();
}

void Listening::Release(uint32_t reason) {
  const bool was_held = held();
  holds_ &= ~reason;
  if (!was_held || held() || !begun_) return;
  if (!Begin().ok()) BackOff();
}

void Listening::Stop() {
  begun_ = false;
  EndWatch();
}

void Listening::EndWatch() {
  if (std::exchange(followed_, false)) taken_over_->Unwatch(acceptor_->fd());
  if (watch_ != nullptr) loop_.Remove(std::exchange(watch_, nullptr));
  if (resume_ != nullptr) loop_.CancelTimer(std::exchange(resume_, nullptr));
}

void Listening::Took(size_t count, bool all) {
  if (!begun_ || held() || taken_over()) return;
  if (gathering_) return Gather(count, all);
  if ((acceptor_->epoll_events() & EPOLLEXCLUSIVE) != 0) EndTurn();
}

void Listening::EndTurn() {
  // It goes on, and those who are idle are woken for what comes meanwhile:
  // under load the calls below, which cost more than this one, are not made.
  pollfd waits = {.fd = acceptor_->fd(), .events = POLLIN, .revents = 0};
  if (poll(&waits, 1, /*timeout=*/0) > 0) return;
  // The kernel wakes the first in the queue that waits, and leaves it there: a
  // worker that is soon back in its wait would get them all. Whoever is added
  // is the last, and is told of what waits by then: no wake-up is lost. To
  // modify an exclusive watch is an error.
  EndWatch();
  if (!Begin().ok()) BackOff();
}

void Listening::Gather(size_t count, bool all) {
  const int64_t now_ns = MonotonicNs();
  gathering_->Record(
      now_ns, count, gathering_->WantsCpuTime(now_ns) ? ThreadCpuNs() : 0);
  if (gathering_->expects_more()) {
    // Out of epoll: otherwise each that comes would wake the worker.
    EndWatch();
    const int64_t delay_ns = all ? gathering_->Wait(MonotonicNs()) : 0;
    resume_ = loop_.StartTimer(
        static_cast<uint64_t>(delay_ns / 1000), &Listening::OnGathered, this);
  } else if (watch_ == nullptr && !Begin().ok()) {
    BackOff();
  }
}

void Listening::CallReady() {
  // A copy: at the end of a drain the call destroys this listening.
  const std::function<void(Listening&)> ready = ready_;
  ready(*this);
}

void Listening::OnReady(void* listening, uint32_t) {
  static_cast<Listening*>(listening)->CallReady();
}

void Listening::OnGathered(void* listening) {
  auto* self = static_cast<Listening*>(listening);
  self->resume_ = nullptr;
  self->CallReady();
}

void Listening::OnResume(void* listening) {
  auto* self = static_cast<Listening*>(listening);
  self->resume_ = nullptr;
  // No memory for a watch: it backs off again, as before.
  if (!self->Begin().ok()) self->BackOff();
}

}  // namespace cluster
