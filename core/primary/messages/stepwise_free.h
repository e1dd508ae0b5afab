// StepwiseFree: frees large blocks in steps, one a turn of the loop. To free
// 100 MB at once takes the kernel some 10 ms, for which all others would wait.
//
// Thread safety: none.
//
//   if (free.Add(std::move(bytes))) CallSoon();
//   if (free.Step(all_sent)) CallSoon();  // each turn
#ifndef CORE_PRIMARY_MESSAGES_STEPWISE_FREE_H_
#define CORE_PRIMARY_MESSAGES_STEPWISE_FREE_H_

#include <cstddef>
#include <vector>

#include "core/control/message_bytes.h"
#include "ipc/shared_bytes.h"

namespace cluster {

class StepwiseFree {
 public:
  // What is freed in one turn: less than a millisecond. Blocks that are no
  // larger are not worth a step.
  static constexpr size_t kStepBytes = size_t{8} << 20;

  // Frees `bytes`, by and by if they are large. Returns whether a step is left.
  bool Add(MessageBytes bytes);
  // Frees `bytes`, which are being sent, once nobody else holds them. The same
  // ones count once.
  void AddSent(SharedBytes bytes);
  // Whether there are some that are being sent.
  bool has_sent() const { return !sent_.empty(); }
  // Frees a step of what may be freed. `all_sent`: what is still held by others
  // is the program's, and not for us to free. Returns whether to go on.
  bool Step(bool all_sent);

 private:
  std::vector<MessageBytes> owned_;
  std::vector<SharedBytes> sent_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_STEPWISE_FREE_H_
