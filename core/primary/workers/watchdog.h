// Watchdog: kills workers whose plugin does not get started in time, or has
// begun to send heartbeats and sends none any more.
//
// It looks at what workers write into their pages, now and then, and only while
// there is something to look for.
//
// Thread safety: the io_context's thread.
//
//   Watchdog watchdog(io, limits, [this](Watchdog::Visitor visit) { ... });
//   watchdog.Watch();  // a worker was started
#ifndef CORE_PRIMARY_WORKERS_WATCHDOG_H_
#define CORE_PRIMARY_WORKERS_WATCHDOG_H_

#include <boost/asio/io_context.hpp>
#include <functional>

#include "absl/functional/function_ref.h"
#include "core/event_loop/alarm.h"
#include "core/primary/workers/worker_process.h"
#include "core/primary/workers/worker_signs.h"

namespace cluster {

class Watchdog {
 public:
  using Visitor = absl::FunctionRef<void(WorkerProcess&)>;

  // `for_each` calls its argument for each worker that lives.
  Watchdog(boost::asio::io_context& io,
           const WatchdogLimits& limits,
           std::function<void(Visitor)> for_each);

  // Looks from now on, as long as there is something to look for.
  void Watch();
  // Looks no more until Watch(): no worker lives.
  void Rest() { alarm_.Cancel(); }

 private:
  void Look();

  const WatchdogLimits limits_;
  const std::function<void(Visitor)> for_each_;
  Alarm alarm_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WATCHDOG_H_
