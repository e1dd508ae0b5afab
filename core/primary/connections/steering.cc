#include "core/primary/connections/steering.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "ipc/steer_program.h"

namespace cluster {

absl::StatusOr<std::unique_ptr<Steering>> Steering::Create(UniqueFd first,
                                                           Context context) {
  ASSIGN_OR_RETURN(ReuseportGroup group,
                   ReuseportGroup::Create(std::move(first), context.backlog));
  return std::unique_ptr<Steering>(
      new Steering(std::move(group), std::move(context)));
}

absl::Status Steering::AddSlot(Slot& slot) {
  if (closed_) return ErrnoStatus(ESHUTDOWN, "listen", "all closed");
  const std::vector<int>& cpus = context_.options.cpus;
  if (!cpus.empty() && slot.index() >= cpus.size()) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "cpu_local has one worker for each CPU: ", cpus.size(), " of them"));
  }
  if (slot.index() >= group_.size()) RETURN_IF_ERROR(group_.Join());
  auto part = std::make_unique<Part>();
  part->slot = &slot;
  Part* const added = part.get();
  part->queue = std::make_unique<SteeredQueue>(
      context_.io,
      group_.socket(slot.index()),
      context_.make_accept_loop,
      // What the worker says, for once: one that lies harms its own clients.
      [&slot] { return slot.page().accepted.load(std::memory_order_relaxed); },
      [this, added] { OnStalled(*added); });
  parts_.push_back(std::move(part));
  if (started_) Rescue(*added);
  const absl::Status status = Steer();
  if (!status.ok()) DropSlot(slot);
  return status;
}

void Steering::DropSlot(const Slot& slot) {
  if (PartOf(slot) != nullptr) {
    const std::unique_ptr<Part> dropped = std::move(parts_.back());
    parts_.pop_back();
    // Where the program stays as it is, the kernel picks by hash in place of a
    // socket that is gone.
    (void)Steer();
    dropped->queue->Close();
  }
  if (group_.size() > std::max<size_t>(parts_.size(), 1)) group_.Leave();
}

void Steering::Start() {
  started_ = true;
  for (const auto& part : parts_) {
    if (!part->served || part->stalled) Rescue(*part);
  }
}

Steering::Part* Steering::PartOf(const Slot& slot) {
  return slot.index() < parts_.size() ? parts_[slot.index()].get() : nullptr;
}

void Steering::Rescue(Part& part) {
  if (!started_ || closed_) return;
  if (const absl::Status status = part.queue->Rescue(); !status.ok()) {
    context_.on_trouble(status);
  }
}

void Steering::Serve(Slot& slot) {
  Part* part = PartOf(slot);
  if (part == nullptr || closed_) return;
  part->served = true;
  part->stalled = false;
  part->queue->Leave();
  SteerOrTell();
}

void Steering::Withdraw(Slot& slot) {
  Part* part = PartOf(slot);
  if (part == nullptr || closed_ || !part->served) return;
  part->served = false;
  part->stalled = false;
  Rescue(*part);
  SteerOrTell();
}

void Steering::OnStalled(Part& part) {
  part.stalled = true;
  part.slot->MarkSuspect(context_.listener);
  Rescue(part);
  SteerOrTell();
}

void Steering::Restore(Slot& slot) {
  Part* part = PartOf(slot);
  if (part != nullptr && part->served && part->stalled) Serve(slot);
}

void Steering::Resume() {
  for (const auto& part : parts_) part->queue->Resume();
}

void Steering::Close() {
  if (std::exchange(closed_, true)) return;
  for (const auto& part : parts_) part->queue->Close();
  parts_.clear();
  group_.Close();
}

// ---- The program

void Steering::SteerOrTell() {
  if (const absl::Status status = Steer(); !status.ok()) {
    context_.on_trouble(status);
  }
}

absl::Status Steering::Steer() {
  // Slot by slot, whether the kernel may pick its socket. Where none is good,
  // all are: the primary takes from them.
  std::vector<uint32_t> good(parts_.size());
  size_t count = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    good[i] = parts_[i]->served && !parts_[i]->stalled ? 1 : 0;
    count += good[i];
  }
  if (count == 0) good.assign(parts_.size(), 1);
  if (context_.options.cpus.empty()) {
    const std::vector<uint32_t>& weights = context_.options.weights;
    for (size_t i = 0; i < good.size() && i < weights.size(); ++i) {
      good[i] *= weights[i];
    }
    return group_.Attach(SteerByWeight(good));
  }

  std::vector<uint32_t> targets(parts_.size());
  for (size_t i = 0; i < parts_.size(); ++i) {
    size_t target = i;
    while (good[target] == 0) target = (target + 1) % good.size();
    targets[i] = static_cast<uint32_t>(target);
  }
  const std::vector<int>& cpus = context_.options.cpus;
  return group_.Attach(SteerByCpu({cpus.data(), targets.size()}, targets));
}

}  // namespace cluster
