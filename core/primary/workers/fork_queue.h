// ForkQueue: slots that wait for their workers to be forked, some in each turn
// of the loop, so that a signal, an operator and the workers that run already
// do not wait until hundreds are forked.
//
// Like Alarm, it can be destroyed at any time, and then calls nothing.
//
// Thread safety: the io_context's thread. Lifetime: the slots must outlive
// their stay.
//
//   ForkQueue queue(io, [this] { ForkSome(); });
//   queue.Add(slot);
//   RETURN_IF_ERROR(queue.ForkSome([this](Slot& slot) { return Fill(slot); }));
#ifndef CORE_PRIMARY_WORKERS_FORK_QUEUE_H_
#define CORE_PRIMARY_WORKERS_FORK_QUEUE_H_

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/event_loop/alarm.h"
#include "core/event_loop/next_turn.h"
#include "core/primary/connections/slot.h"

namespace cluster {

class ForkQueue {
 public:
  // In one turn. A fork takes a millisecond or two, and ten times that where
  // the CPUs are busy with the workers that were forked before.
  static constexpr size_t kAtOnce = 16;

  // `turn` is called whenever it is time for ForkSome(). `io` must outlive it.
  ForkQueue(boost::asio::io_context& io, std::function<void()> turn);

  void Add(Slot& slot) { slots_.push_back(&slot); }
  // The kernel did not let it be forked: it is tried again half a second later.
  void AddRefused(Slot& slot);

  // Calls `fork` for the slots that have waited longest, at most kAtOnce of
  // them, and asks for a turn for the others. Ends with the first error, and
  // returns it. `fork` may call any of the above, and Clear().
  absl::Status ForkSome(absl::FunctionRef<absl::Status(Slot&)> fork);

  // Nobody is forked any more.
  void Clear();
  // Whether none waits for a turn. Those that were refused do not count.
  bool empty() const { return slots_.empty(); }

 private:
  std::function<void()> call_;
  NextTurn turn_;
  Alarm retry_;
  std::deque<Slot*> slots_;
  std::vector<Slot*> refused_;  // until retry_ rings
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_FORK_QUEUE_H_
