// ServedListeners: which listeners a worker asked for, where it listens, and
// where it takes none for now.
//
// The worker says all that by frames, and may lie: what makes no sense changes
// nothing and is told by the result.
//
// Thread safety: a plain value. REQUIRES of all: listener < kMaxListeners.
//
//   if (!worker.listeners.Add(request.listener)) return Violation();
#ifndef CORE_PRIMARY_WORKERS_SERVED_LISTENERS_H_
#define CORE_PRIMARY_WORKERS_SERVED_LISTENERS_H_

#include <bitset>
#include <cstdint>

#include "core/scoreboard/slot_page.h"

namespace cluster {

class ServedListeners {
 public:
  // It asks for `listener`. False if it has that one already.
  bool Add(uint32_t listener) {
    if (added_.test(listener)) return false;
    added_.set(listener);
    return true;
  }
  // It listens there. False if it did not ask for it, or says so twice.
  bool BeginListening(uint32_t listener) {
    if (!added_.test(listener) || listens_on_.test(listener)) return false;
    listens_on_.set(listener);
    newest_ = listener;
    return true;
  }
  void Pause(uint32_t listener) { pauses_.set(listener); }
  void Resume(uint32_t listener) { pauses_.reset(listener); }
  // It has it no more, and may ask again.
  void Remove(uint32_t listener) {
    added_.reset(listener);
    listens_on_.reset(listener);
    pauses_.reset(listener);
    pauses_seen_.reset(listener);
  }
  // Those whose pause differs from what it was at the last call.
  std::bitset<kMaxListeners> TakeChangedPauses() {
    const std::bitset<kMaxListeners> changed = pauses_ ^ pauses_seen_;
    pauses_seen_ = pauses_;
    return changed;
  }

  bool contains(uint32_t listener) const { return added_.test(listener); }
  bool listens_on(uint32_t listener) const {
    return listens_on_.test(listener);
  }
  // Whether it listens anywhere.
  bool listens() const { return listens_on_.any(); }
  bool pauses(uint32_t listener) const { return pauses_.test(listener); }
  // Whether it listens there and does not pause.
  bool takes(uint32_t listener) const {
    return listens_on_.test(listener) && !pauses_.test(listener);
  }
  // Where it began to listen last; 0 if nowhere.
  uint32_t newest() const { return newest_; }

 private:
  std::bitset<kMaxListeners> added_;
  std::bitset<kMaxListeners> listens_on_;
  std::bitset<kMaxListeners> pauses_;
  std::bitset<kMaxListeners> pauses_seen_;  // by TakeChangedPauses()
  uint32_t newest_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_SERVED_LISTENERS_H_
