// LookInterval: how soon the primary looks again whether what it handed off was
// started, if no connection wakes it before.
//
// Soon after something moved; where nothing moves, as all workers stand still,
// ever more rarely.
//
// Thread safety: a plain value.
//
//   const auto look_in = interval.Next(progress, alarm.set());
//   if (look_in.has_value()) alarm.Set(*look_in, look);
#ifndef CORE_PRIMARY_LISTENERS_LOOK_INTERVAL_H_
#define CORE_PRIMARY_LISTENERS_LOOK_INTERVAL_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace cluster {

class LookInterval {
 public:
  static constexpr std::chrono::milliseconds kShortest{5};
  static constexpr std::chrono::milliseconds kLongest{80};

  // `progress` is another number if anything moved since the last call, and
  // `is_set` says whether a look is still to come. Returns in how long to look
  // instead; nothing: as it is set.
  std::optional<std::chrono::milliseconds> Next(uint64_t progress,
                                                bool is_set) {
    const bool moved = std::exchange(progress_, progress) != progress;
    if (is_set && (!moved || interval_ == kShortest)) return std::nullopt;
    interval_ =
        moved ? kShortest : std::clamp(interval_ * 2, kShortest, kLongest);
    return interval_;
  }

 private:
  uint64_t progress_ = 0;
  std::chrono::milliseconds interval_{0};
};

}  // namespace cluster

#endif  // CORE_PRIMARY_LISTENERS_LOOK_INTERVAL_H_
