// What changes about scheduling while a ListenerGroup runs.
#include <cstdint>
#include <memory>
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

// Of a worker; what a policy and the kernel's program can reckon with.
constexpr uint32_t kMaxWeight = 65'536;

}  // namespace

absl::Status ListenerGroup::SetPolicy(const std::string& spec) {
  if (options_.data_path != DataPath::kHandoff) {
    return absl::FailedPreconditionError(
        absl::StrCat("on the data path ",
                     DataPathName(options_.data_path),
                     " the kernel picks: restart with --data_path=handoff"));
  }
  RETURN_IF_ERROR(MakePolicy(spec, 0).status());
  for (const Listener* each : dispatching_) {
    ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
                     MakePolicy(spec, options_.seed + each->facts.listener));
    each->dispatcher->SetPolicy(std::move(policy));
  }
  options_.policy = spec;
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
