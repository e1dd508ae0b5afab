// MetricsFile: writes the host's metrics to a file, every few seconds, for
// node_exporter's textfile collector and whoever else reads Prometheus' format.
//
// A reader finds the old file or the new one, never a part: it is written
// beside and renamed over. Written by the primary's thread; put it on a local
// disk.
//
// Thread safety: the io_context's thread.
//
//   MetricsFile file(io, "/run/app/metrics.prom", text, trouble);
//   RETURN_IF_ERROR(file.Write());
//   file.WriteEvery(absl::Seconds(5));
#ifndef CORE_HOST_METRICS_FILE_H_
#define CORE_HOST_METRICS_FILE_H_

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/event_loop/alarm.h"

namespace cluster {

class MetricsFile {
 public:
  // `text` returns what to write. `trouble` is told when the file cannot be
  // written, once until it can be again.
  MetricsFile(boost::asio::io_context& io,
              std::string path,
              std::function<std::string()> text,
              std::function<void(const absl::Status&)> trouble);

  // Writes now. Errors: the kernel's, which name the file.
  absl::Status Write();

  // Writes after each `interval`.
  void WriteEvery(absl::Duration interval);

 private:
  const std::string path_;
  const std::function<std::string()> text_;
  const std::function<void(const absl::Status&)> trouble_;
  bool in_trouble_ = false;
  Alarm alarm_;
};

}  // namespace cluster

#endif  // CORE_HOST_METRICS_FILE_H_
