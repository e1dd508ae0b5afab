#include "core/worker/listening.h"

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

void Listening::OnReady(void* listening, uint32_t) {
  auto* self = static_cast<Listening*>(listening);
  // A copy: at the end of a drain the call destroys this listening.
  const std::function<void(Listening&)> ready = self->ready_;
  ready(*self);
}

void Listening::OnResume(void* listening) {
  auto* self = static_cast<Listening*>(listening);
  self->resume_ = nullptr;
  // No memory for a watch: it backs off again, as before.
  if (!self->Begin().ok()) self->BackOff();
}

}  // namespace cluster
