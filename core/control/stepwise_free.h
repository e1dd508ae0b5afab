// StepwiseFree: frees large blocks in steps, one a turn of the loop. To free
// 100 MB at once takes the kernel some 10 ms, for which all others would wait.
//
// Thread safety: none.
//
//   free.Add(std::move(bytes));
//   if (!free.empty()) CallSoon();
//   if (free.Step(all_sent)) CallSoon();  // each turn
#ifndef CORE_CONTROL_STEPWISE_FREE_H_
#define CORE_CONTROL_STEPWISE_FREE_H_

#include <cstddef>
#include <vector>

#include "ipc/shared_bytes.h"

namespace cluster {

class StepwiseFree {
 public:
  // What is freed in one turn: less than a millisecond. Blocks that are no
  // larger are not worth a step.
  static constexpr size_t kStepBytes = size_t{8} << 20;
  static bool IsLarge(size_t bytes) { return bytes > kStepBytes; }

  // Frees `bytes` once nobody else holds them. The same ones count once. Those
  // that are not large are let go at once.
  void Add(SharedBytes bytes);
  bool empty() const { return blocks_.empty(); }
  // Frees a step of what may be freed. `all_sent`: what is still held by others
  // is the program's, and not for us to free. Returns whether to go on.
  bool Step(bool all_sent);

 private:
  std::vector<SharedBytes> blocks_;
};

}  // namespace cluster

#endif  // CORE_CONTROL_STEPWISE_FREE_H_
