#include "core/supervisor/restart_window.h"

#include <algorithm>

namespace cluster {

bool RestartWindow::Admit(absl::Time now) {
  if (intensity_ == 0) return false;
  if (!admitted_.empty()) now = std::max(now, admitted_.back());
  if (now < NextAdmission()) return false;
  if (admitted_.size() == intensity_) admitted_.pop_front();
  admitted_.push_back(now);
  return true;
}

absl::Time RestartWindow::NextAdmission() const {
  if (admitted_.size() < intensity_) return absl::InfinitePast();
  return admitted_.front() + period_;
}

}  // namespace cluster
