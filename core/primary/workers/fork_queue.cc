#include "core/primary/workers/fork_queue.h"

#include <chrono>
#include <utility>

#include "core/base/status_macros.h"

namespace cluster {
namespace {

constexpr auto kRetry = std::chrono::milliseconds(500);

}  // namespace

ForkQueue::ForkQueue(boost::asio::io_context& io, std::function<void()> turn)
    : call_(std::move(turn)), turn_(io, [this] { call_(); }), retry_(io) {}

void ForkQueue::AddRefused(Slot& slot) {
  refused_.push_back(&slot);
  retry_.Set(kRetry, [this] {
    slots_.insert(slots_.end(), refused_.begin(), refused_.end());
    refused_.clear();
    call_();
  });
}

absl::Status ForkQueue::ForkSome(absl::FunctionRef<absl::Status(Slot&)> fork) {
  for (size_t i = 0; i < kAtOnce && !slots_.empty(); ++i) {
    Slot* const slot = slots_.front();
    slots_.pop_front();
    RETURN_IF_ERROR(fork(*slot));
  }
  if (!slots_.empty()) turn_.Ask();
  return absl::OkStatus();
}

void ForkQueue::Clear() {
  slots_.clear();
  refused_.clear();
  retry_.Cancel();
}

}  // namespace cluster
