// Watchdog: kills workers whose plugin does not get started in time, or has
// begun to send heartbeats and sends none any more.
//
// It looks at what workers write into their pages, now and then, and only while
// there is something to look for.
//
// Thread safety: the io_context's thread.
//
//   Watchdog watchdog(io, limits, workers);
//   watchdog.Watch();  // a worker was started
#ifndef CORE_PRIMARY_WORKERS_WATCHDOG_H_
#define CORE_PRIMARY_WORKERS_WATCHDOG_H_

#include <boost/asio/io_context.hpp>

#include "core/event_loop/alarm.h"
#include "core/primary/workers/worker_signs.h"
#include "core/primary/workers/worker_table.h"

namespace cluster {

class Watchdog {
 public:
  // `workers` must outlive it.
  Watchdog(boost::asio::io_context& io,
           const WatchdogLimits& limits,
           const WorkerTable& workers)
      : limits_(limits), workers_(workers), alarm_(io) {}

  // Looks from now on, as long as there is something to look for.
  void Watch();
  // Looks no more until Watch(): no worker lives.
  void Rest() { alarm_.Cancel(); }

 private:
  void Look();

  const WatchdogLimits limits_;
  const WorkerTable& workers_;
  Alarm alarm_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_WATCHDOG_H_
