#include "core/control/stepwise_free.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace cluster {

void StepwiseFree::Add(SharedBytes bytes) {
  if (!IsLarge(bytes.size())) return;
  const bool is_known =
      std::any_of(blocks_.begin(), blocks_.end(), [&](const SharedBytes& each) {
        return each.span().data() == bytes.span().data();
      });
  if (!is_known) blocks_.push_back(std::move(bytes));
}

bool StepwiseFree::Step(bool all_sent) {
  const auto is_sole = [](const SharedBytes& each) { return each.is_sole(); };
  if (all_sent) std::erase_if(blocks_, std::not_fn(is_sole));
  const auto sole = std::find_if(blocks_.begin(), blocks_.end(), is_sole);
  if (sole == blocks_.end()) return false;
  sole->DiscardTail(std::min(sole->size(), kStepBytes));
  if (sole->size() == 0) blocks_.erase(sole);
  return std::any_of(blocks_.begin(), blocks_.end(), is_sole);
}

}  // namespace cluster
