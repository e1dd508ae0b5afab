#include "core/host/host_signals.h"

#include <signal.h>
#include <string.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/primary/primary.h"

namespace cluster {
namespace {

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 &&
         action.sa_handler == SIG_IGN;
}

}  // namespace

HostSignals::HostSignals(boost::asio::io_context& io,
                         Cluster& cluster,
                         Logger& logger,
                         const ServiceNotice& notice,
                         RollingRestart& reload)
    : signals_(io, SIGINT, SIGTERM),
      cluster_(cluster),
      logger_(logger),
      notice_(notice),
      reload_(reload) {
  // Ignored: by nohup(1).
  if (notice.wanted() || !IsIgnored(SIGHUP)) signals_.add(SIGHUP);
  // Often sent to servers; by default they kill.
  signals_.add(SIGUSR1);
  signals_.add(SIGUSR2);
  Await();
}

void HostSignals::Await() {
  signals_.async_wait([this](const auto& error, int signal) {
    if (error) return;
    Obey(signal);
    Await();
  });
}

void HostSignals::Obey(int signal) {
  if (signal == SIGUSR1 || signal == SIGUSR2) {
    logger_.Warning(absl::StrCat(
        "SIG", sigabbrev_np(signal), " means nothing to the host: ignored"));
  } else if (signal == SIGHUP && notice_.wanted()) {
    if (!draining_) Reload();
  } else if (!std::exchange(draining_, true)) {
    notice_.TellStopping();
    reload_.Stop();
    logger_.Info("draining; once more to stop at once");
    cluster_.engine().Drain();
  } else if (signal != SIGHUP) {
    second_ = signal;
    cluster_.engine().KillAll();
  }
}

void HostSignals::Reload() {
  notice_.TellReloading();
  logger_.Info("reloading: the workers are replaced, one after the other");
  reload_.Begin();
}

}  // namespace cluster
