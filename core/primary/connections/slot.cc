#include "core/primary/connections/slot.h"

#include <algorithm>

#include "core/base/status_macros.h"

namespace cluster {
namespace {

// A worker that was full is asked again after this, in case its limit was not
// its connections but something that went away unseen.
constexpr int64_t kFullRetryNs = 100'000'000;

// No process holds more connections than this: fs.nr_open is below it.
constexpr uint64_t kMaxOpen = uint64_t{1} << 30;
// No counter that is true gets here; sums of such counters do not overflow.
constexpr uint64_t kMaxCount = uint64_t{1} << 60;
// More requests than this do not run in a process.
constexpr int64_t kMaxRequests = int64_t{1} << 30;

}  // namespace

absl::StatusOr<std::unique_ptr<Slot>> Slot::Create(uint32_t index,
                                                   size_t listeners,
                                                   DataPath data_path) {
  ASSIGN_OR_RETURN(SlotMemory memory, SlotMemory::Create());
  std::unique_ptr<Slot> slot(new Slot(index, std::move(memory), data_path));
  for (size_t i = 0; i < listeners; ++i) {
    RETURN_IF_ERROR(slot->AddStream(i));
  }
  return slot;
}

size_t Slot::stream_count() const {
  size_t count = streams_.size();
  while (count > 0 && streams_[count - 1] == nullptr) --count;
  return count;
}

absl::Status Slot::AddStream(size_t listener) {
  if (data_path_ == DataPath::kShare || has_stream(listener)) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(streams_[listener],
                   HandoffStream::Create(page().streams[listener]));
  return absl::OkStatus();
}

void Slot::DropStream(size_t listener) {
  if (!has_stream(listener)) return;
  if (probe_due_ == streams_[listener].get()) probe_due_ = nullptr;
  sent_by_dropped_ += streams_[listener]->sent();
  streams_[listener].reset();
}

uint64_t Slot::handed_off() const {
  uint64_t total = sent_by_dropped_;
  for (const auto& stream : streams_) {
    if (stream != nullptr) total += stream->sent();
  }
  return total;
}

void Slot::ReadCounters() {
  const SlotPage& page = memory_.page();
  // This one first: what has ended was accepted before.
  const uint64_t completed = std::min(page.completed.load(), kMaxCount);
  if (data_path_ != DataPath::kHandoff) {
    const uint64_t accepted =
        std::min(page.accepted.load(std::memory_order_acquire), kMaxCount);
    // The worker's word, as far as it can be true.
    accepted_by_worker_ =
        std::clamp(accepted,
                   accepted_by_worker_,
                   std::max(completed, finished_) + lost_ + kMaxOpen);
  }
  // Only what was started can have finished, whatever the worker says.
  finished_ =
      std::clamp(completed, finished_, started_ + accepted_by_worker_ - lost_);
  requests_ = static_cast<uint64_t>(std::clamp(
      page.requests.load(std::memory_order_relaxed), int64_t{0}, kMaxRequests));
  bytes_received_.Read(page.bytes_received.load(std::memory_order_relaxed));
  bytes_sent_.Read(page.bytes_sent.load(std::memory_order_relaxed));
  lasted_ns_.Read(page.lasted_ns.load(std::memory_order_relaxed));
}

void Slot::Count::Read(uint64_t value) {
  // The bound holds for the sum: it never overflows.
  current_ =
      std::clamp(value, current_, std::max(current_, kMaxCount - retired_));
}

uint64_t Slot::CloseBooks() {
  ReadCounters();
  const uint64_t lost = open();
  lost_ += lost;
  requests_ = 0;
  bytes_received_.Retire();
  bytes_sent_.Retire();
  lasted_ns_.Retire();
  full_ = false;
  suspect_ = false;
  probe_due_ = nullptr;
  asked_ = false;
  PrepareForNext();
  return lost;
}

void Slot::PrepareForNext() {
  memory_.WriteHeader();
  SlotPage& page = memory_.page();
  page.started.store(started_ + accepted_by_worker_);
  page.completed.store(finished_);
  page.accepted.store(accepted_by_worker_);
  page.wanted.store(0);
  page.phase.store(0);
  page.requests.store(0);
  page.bytes_received.store(0);
  page.bytes_sent.store(0);
  page.lasted_ns.store(0);
  page.heartbeat_ns.store(0);
  for (std::atomic<uint64_t>& cell : page.metric_cells) cell.store(0);
  for (const auto& stream : streams_) {
    if (stream == nullptr) continue;
    stream->RestoreCell();
    stream->Renew();
  }
}

bool Slot::full(int64_t now_ns) const {
  return full_ && finished_ == finished_when_full_ &&
         now_ns - full_since_ns_ <= kFullRetryNs;
}

void Slot::MarkSuspect(size_t listener) {
  suspect_ = true;
  AskForRoom();
  // On this stream, which was just emptied: the worker reads it, and others may
  // be full.
  probe_due_ = streams_[listener].get();
  SendDueProbe();
}

}  // namespace cluster
