// Recording: the trace of a host (--record_trace), from its beginning to its
// end.
//
// The file is there from the beginning, and counts as cut short until the end
// is written: a host that is killed leaves no trace that lies.
//
// Thread safety: the io_context's thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Recording> recording,
//                    Recording::Begin(options.record_trace));
//   listeners.dispatch.recorder = recording->recorder();
//   RETURN_IF_ERROR(recording->Finish());
#ifndef CORE_HOST_RECORDING_H_
#define CORE_HOST_RECORDING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/primary/connections/trace_recorder.h"
#include "core/trace/trace_writer.h"

namespace cluster {

class Recording {
 public:
  // Connections that are kept, the first: 40 MB of memory.
  static constexpr size_t kMostConnections = 1'000'000;

  // Makes the file. Errors are those of open(2), after the flag's name.
  static absl::StatusOr<std::unique_ptr<Recording>> Begin(
      const std::string& path);

  // Until Finish().
  TraceRecorder* recorder() { return &recorder_; }

  // Writes what has ended. Returns a line for the log that says how many, and
  // how many are left out. Errors are those of write(2).
  absl::StatusOr<std::string> Finish();

 private:
  Recording(TraceWriter writer, std::string path)
      : writer_(std::move(writer)), path_(std::move(path)) {}

  TraceWriter writer_;
  const std::string path_;
  TraceRecorder recorder_{kMostConnections};
};

}  // namespace cluster

#endif  // CORE_HOST_RECORDING_H_
