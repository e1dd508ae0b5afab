// TraceWriter: writes a trace that TraceReader reads. Without Finish() the file
// counts as cut short.
//
// Thread safety: none.
#ifndef CORE_TRACE_TRACE_WRITER_H_
#define CORE_TRACE_TRACE_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "core/trace/trace_row.h"

namespace cluster {

class TraceWriter {
 public:
  // Makes the file, or empties it. Errors are those of open(2).
  static absl::StatusOr<TraceWriter> Create(const std::string& path);

  // Appends a row. What cannot be written Finish() reports.
  // REQUIRES: arrivals never fall, and no number is below 0.
  void Write(const TraceRow& row);

  // Writes the end. Errors are those of write(2), of any call before.
  absl::Status Finish();

 private:
  TraceWriter(UniqueFd fd, std::string path);
  void Flush();

  UniqueFd fd_;
  std::string path_;
  std::string text_;  // not yet in the file
  uint64_t rows_ = 0;
  absl::Status status_;
};

}  // namespace cluster

#endif  // CORE_TRACE_TRACE_WRITER_H_
