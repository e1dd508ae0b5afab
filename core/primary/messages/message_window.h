// MessageWindow: how much one worker has on the way, by the primary's books.
//
// What a worker may send is bounded by what it was given back, so a worker that
// keeps to the rule is never refused, whatever the timing.
//
// Thread safety: none.
//
//   if (!window.Take(cost)) return TooMuch();
//   window.Settle(cost);                      // a receiver's socket has it
//   if (window.owed() >= kCreditStep) Send(window.TakeCredit());
#ifndef CORE_PRIMARY_MESSAGES_MESSAGE_WINDOW_H_
#define CORE_PRIMARY_MESSAGES_MESSAGE_WINDOW_H_

#include <cstdint>
#include <utility>

#include "core/control/user_message.h"

namespace cluster {

class MessageWindow {
 public:
  // A credit is worth a frame from here on. Four steps make a window, so a
  // worker never waits for one that is not sent.
  static constexpr uint64_t kCreditStep = kMessageWindowBytes / 4;

  // False if the worker sent `cost` though its window was used up.
  bool Take(uint64_t cost) {
    if (on_the_way_ + owed_ >= kMessageWindowBytes) return false;
    on_the_way_ += cost;
    return true;
  }

  // `cost` has left. REQUIRES: it was taken.
  void Settle(uint64_t cost) {
    on_the_way_ -= cost;
    owed_ += cost;
  }

  uint64_t owed() const { return owed_; }
  // Returns what the worker is to be told.
  uint64_t TakeCredit() { return std::exchange(owed_, 0); }

 private:
  uint64_t on_the_way_ = 0;
  uint64_t owed_ = 0;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_MESSAGE_WINDOW_H_
