// LogObserver: turns what the primary tells into log lines, and says once that
// the host serves.
//
// Thread safety: one thread. Lifetime: the logger must outlive it.
#ifndef CORE_HOST_LOG_OBSERVER_H_
#define CORE_HOST_LOG_OBSERVER_H_

#include <functional>
#include <string>

#include "core/log/line_writer.h"
#include "core/log/logger.h"
#include "core/primary/workers/primary_observer.h"

namespace cluster {

class LogObserver final : public PrimaryObserver {
 public:
  // `banner`, lines with their ends, is printed when the first worker listens
  // and connections are accepted: they are served from then on, however long
  // the other workers take. It never is if the plugin refuses to start.
  // `serving` is called at that moment. `plugin` is what the user called it.
  LogObserver(Logger& logger,
              std::string plugin,
              std::string banner,
              std::function<void()> serving = {});

  void OnEvent(const WorkerEvent& event) override;
  void OnAccepting() override;
  void OnGivingUp(const PrimaryEnd& end) override;
  void OnTrouble(absl::string_view text) override { logger_.Warning(text); }
  void OnLog(uint32_t worker_id,
             pid_t pid,
             int level,
             absl::string_view text) override;
  void OnOutput(uint32_t worker_id,
                pid_t pid,
                int fd,
                absl::string_view line) override;

 private:
  void TellIfServing();

  Logger& logger_;
  const std::string plugin_;
  std::string banner_;  // empty once printed
  bool accepting_ = false;
  bool listening_ = false;  // a worker
  const std::function<void()> serving_;
  LineWriter output_;
};

}  // namespace cluster

#endif  // CORE_HOST_LOG_OBSERVER_H_
