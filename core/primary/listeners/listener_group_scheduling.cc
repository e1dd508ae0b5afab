// What changes about scheduling while a ListenerGroup runs.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/control/data_path.h"
#include "core/primary/listeners/listener_group.h"
#include "scheduler/policy.h"
#include "scheduler/registry.h"

namespace cluster {
namespace {

// Where the kernel picks.
absl::Status StaysAsItIs(const std::string& spec, DataPath data_path) {
  const bool is_steers = data_path == DataPath::kSteer &&
                         (spec == kSteerRandom || spec == kSteerCpuLocal);
  return absl::FailedPreconditionError(absl::StrCat(
      "on the data path ",
      DataPathName(data_path),
      " the kernel picks: restart with ",
      is_steers ? absl::StrCat("--policy=", spec) : "--data_path=handoff"));
}

}  // namespace

std::string ListenerGroup::kernel_policy() const {
  if (options_.data_path != DataPath::kSteer) return "";
  return std::string(steers_by_cpu() ? kSteerCpuLocal : kSteerRandom);
}

absl::Status ListenerGroup::SetPolicy(const std::string& spec,
                                      std::span<const Slot* const> used) {
  if (options_.data_path != DataPath::kHandoff) {
    if (spec == kernel_policy()) return absl::OkStatus();
    return StaysAsItIs(spec, options_.data_path);
  }
  if (spec == kSteerCpuLocal) {
    return absl::FailedPreconditionError(
        "cpu_local is the kernel's: restart with --data_path=steer");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Policy> made, MakePolicy(spec, 0));
  if (!made->heeds_weights()) RETURN_IF_ERROR(MakeEqual(*made, used));
  for (const Listener* each : dispatching_) {
    ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
                     MakePolicy(spec, options_.seed + each->facts.listener));
    each->dispatcher->SetPolicy(std::move(policy));
  }
  options_.policy = spec;
  return absl::OkStatus();
}

std::vector<const Slot*> ListenerGroup::slots() const {
  std::vector<const Slot*> all;
  for (const auto& slot : slots_) all.push_back(slot.get());
  return all;
}

absl::Status ListenerGroup::MakeEqual(const Policy& policy,
                                      std::span<const Slot* const> used) {
  const uint32_t common = used.empty() ? 1 : weight(*used.front());
  for (const Slot* slot : used) {
    if (weight(*slot) == common) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("policy ",
                     policy.name(),
                     " ignores weights, and workers have different ones: give "
                     "all the same first, or use smooth_weighted_round_robin"));
  }
  for (const auto& slot : slots_) RETURN_IF_ERROR(ApplyWeight(*slot, common));
  return absl::OkStatus();
}

absl::Status ListenerGroup::SetWeight(const Slot& slot, uint32_t weight) {
  if (weight < 1 || weight > kMaxWeight) {
    return absl::InvalidArgumentError(
        absl::StrCat("weight ", weight, ": wants 1 to ", kMaxWeight));
  }
  if (options_.data_path == DataPath::kShare || steers_by_cpu()) {
    return absl::FailedPreconditionError(
        "workers have no weights here: the kernel picks, and knows none");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy,
                   MakePolicy(options_.policy, 0));
  if (!policy->heeds_weights()) {
    return absl::FailedPreconditionError(
        absl::StrCat("policy ",
                     policy->name(),
                     " ignores weights: smooth_weighted_round_robin does not"));
  }
  const uint32_t before = this->weight(slot);
  const absl::Status status = ApplyWeight(slot, weight);
  // A program that the kernel has taken once it takes again.
  if (!status.ok()) (void)ApplyWeight(slot, before);
  return status;
}

absl::Status ListenerGroup::ApplyWeight(const Slot& slot, uint32_t weight) {
  for (std::vector<uint32_t>* weights :
       {&options_.dispatch.weights, &options_.steer.weights}) {
    if (weights->size() <= slot.index()) weights->resize(slot.index() + 1, 1);
    (*weights)[slot.index()] = weight;
  }
  absl::Status status;
  for (const Listener* each : dispatching_) {
    each->dispatcher->SetWeight(slot.index(), weight);
    if (each->steering != nullptr) status.Update(each->steering->Reconsider());
  }
  return status;
}

uint32_t ListenerGroup::weight(const Slot& slot) const {
  const std::vector<uint32_t>& weights = options_.dispatch.weights;
  return slot.index() < weights.size() ? weights[slot.index()] : 1;
}

}  // namespace cluster
