// LogObserver: turns what the primary tells into log lines.
//
// Thread safety: one thread. Lifetime: the logger must outlive it.
#ifndef CORE_HOST_LOG_OBSERVER_H_
#define CORE_HOST_LOG_OBSERVER_H_

#include "core/log/line_writer.h"
#include "core/log/logger.h"
#include "core/primary/primary_observer.h"

namespace cluster {

class LogObserver final : public PrimaryObserver {
 public:
  explicit LogObserver(Logger& logger);

  void OnEvent(const WorkerEvent& event) override;
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
  Logger& logger_;
  LineWriter output_;
};

}  // namespace cluster

#endif  // CORE_HOST_LOG_OBSERVER_H_
