// HostSignals: what signals mean to the host.
//
// The first SIGINT or SIGTERM drains, the second ends at once. SIGHUP of a
// service manager replaces the workers. Without one it is a terminal's, and
// drains, however often it comes: when a terminal closes, the shell sends one
// and the kernel another. SIGUSR1 and SIGUSR2 mean nothing, and are logged.
//
// Thread safety: the io_context's thread. Lifetime: all that it is given must
// outlive it.
//
//   HostSignals signals(io, cluster, logger, notice, reload);
//   cluster.run();
//   if (signals.second() != 0) return 128 + signals.second();
#ifndef CORE_HOST_HOST_SIGNALS_H_
#define CORE_HOST_HOST_SIGNALS_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "core/cluster.h"
#include "core/host/rolling_restart.h"
#include "core/host/service_notice.h"
#include "core/log/logger.h"

namespace cluster {

class HostSignals {
 public:
  // Obeys from now on. Signals are obeyed once the cluster has an engine: call
  // Cluster::start() before run().
  HostSignals(boost::asio::io_context& io,
              Cluster& cluster,
              Logger& logger,
              const ServiceNotice& notice,
              RollingRestart& reload);
  HostSignals(const HostSignals&) = delete;
  HostSignals& operator=(const HostSignals&) = delete;

  // The signal that ended the host at once, 0 if none did.
  int second() const { return second_; }

 private:
  void Await();
  void Obey(int signal);
  void Reload();

  boost::asio::signal_set signals_;
  Cluster& cluster_;
  Logger& logger_;
  const ServiceNotice& notice_;
  RollingRestart& reload_;
  bool draining_ = false;
  int second_ = 0;
};

}  // namespace cluster

#endif  // CORE_HOST_HOST_SIGNALS_H_
