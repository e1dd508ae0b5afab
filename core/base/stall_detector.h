// StallDetector: tells whether somebody leaves standing what waits in a queue,
// from looks at the queue now and then.
//
// Thread safety: a plain value.
//
//   if (detector.Look(/*waiting=*/IsReadable(socket), page.accepted)) ...
#ifndef CORE_BASE_STALL_DETECTOR_H_
#define CORE_BASE_STALL_DETECTOR_H_

#include <cstdint>

namespace cluster {

class StallDetector {
 public:
  // Takes in whether something waits now, and how much was ever taken. Returns
  // true if something waited at the last look too, and nothing was taken since.
  bool Look(bool waiting, uint64_t taken) {
    const bool stands = waiting && waited_ && taken == taken_;
    waited_ = waiting;
    taken_ = taken;
    return stands;
  }
  // Forgets the last look.
  void Reset() { waited_ = false; }

 private:
  bool waited_ = false;
  uint64_t taken_ = 0;
};

}  // namespace cluster

#endif  // CORE_BASE_STALL_DETECTOR_H_
