// AcceptLoop: accepts the connections of one listener and has them dispatched.
//
// A round accepts until the kernel has no more (or nobody has room), and lets
// the dispatcher place them and send one batch a worker. Between rounds it
// waits for the listener to be readable or, under load, for the gathering
// delay.
//
// Thread safety: the io_context's thread.
#ifndef CORE_PRIMARY_CONNECTIONS_ACCEPT_LOOP_H_
#define CORE_PRIMARY_CONNECTIONS_ACCEPT_LOOP_H_

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "core/base/gathering.h"
#include "core/base/unique_fd.h"
#include "core/event_loop/alarm.h"
#include "core/event_loop/fd_watch.h"
#include "core/primary/connections/dispatcher.h"
#include "core/primary/connections/ledger.h"

namespace cluster {

class AcceptLoop {
 public:
  // Measured with two workers on two busy cores: at 10,000 a second gathering
  // adds its delay to each connection and saves nothing, at 20,000 it saves a
  // fifth of the CPU. Of the delay: 200 µs cost 1.2 times the CPU of raw
  // SO_REUSEPORT for each connection, 300 µs the same as it, 400 µs no less.
  static constexpr GatheringRates kGatheringRates = {.start = 12'500,
                                                     .stop = 11'000};

  // `listener` is a listening socket, non-blocking. `next_id` numbers the
  // connections of all listeners. `after_round` is called after each round.
  AcceptLoop(boost::asio::io_context& io,
             UniqueFd listener,
             Dispatcher& dispatcher,
             Ledger& ledger,
             uint64_t& next_id,
             Gathering gathering,
             std::function<void()> after_round);

  // Calls `told` when accepting pauses because the kernel says no (no
  // descriptors, no memory, no watch), at most once a second. Call before
  // Start().
  void OnTrouble(std::function<void(const absl::Status&)> told) {
    on_trouble_ = std::move(told);
  }

  void Start();

  // The listening socket, borrowed; -1 once closed.
  int fd() const { return listener_.get(); }

  // There is room again: goes on if it had stopped for want of it.
  void Resume();

  // Accepts what the kernel still holds, then closes the listener for good.
  void Close();

 private:
  enum class State { kStopped, kReadable, kGathering, kNoRoom, kPaused };

  void OnReadable();
  void Round();
  void Wait(State state);
  void After(int64_t delay_ns, State state);
  void TellTrouble(const absl::Status& status);
  // Accepts until there is nothing, or no room. Returns how many; `*error` is
  // the errno that ended it, 0 if room did.
  size_t AcceptAll(int64_t now_ns, int* error);

  boost::asio::io_context& io_;
  UniqueFd listener_;
  Dispatcher& dispatcher_;
  Ledger& ledger_;
  uint64_t& next_id_;
  Gathering gathering_;
  const std::function<void()> after_round_;
  std::function<void(const absl::Status&)> on_trouble_;
  int64_t trouble_told_ns_ = 0;
  std::unique_ptr<FdWatch> watch_;  // in State::kReadable
  Alarm alarm_;
  State state_ = State::kStopped;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_CONNECTIONS_ACCEPT_LOOP_H_
