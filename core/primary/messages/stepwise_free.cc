#include "core/primary/messages/stepwise_free.h"

#include <algorithm>
#include <utility>

namespace cluster {

bool StepwiseFree::Add(MessageBytes bytes) {
  if (bytes.size() <= kStepBytes) return false;
  owned_.push_back(std::move(bytes));
  return true;
}

void StepwiseFree::AddSent(SharedBytes bytes) {
  const bool is_known =
      std::any_of(sent_.begin(), sent_.end(), [&](const SharedBytes& known) {
        return known.span().data() == bytes.span().data();
      });
  if (!is_known) sent_.push_back(std::move(bytes));
}

bool StepwiseFree::Step(bool all_sent) {
  bool go_on = false;
  std::erase_if(sent_, [&](SharedBytes& bytes) {
    if (!bytes.is_sole()) return all_sent;
    bytes.DiscardTail(std::min(bytes.size(), kStepBytes));
    go_on = true;
    return bytes.size() == 0;
  });
  if (owned_.empty()) return go_on;
  MessageBytes& last = owned_.back();
  if (last.size() > kStepBytes) {
    last.Shrink(kStepBytes);
  } else {
    owned_.pop_back();
  }
  return go_on || !owned_.empty();
}

}  // namespace cluster
