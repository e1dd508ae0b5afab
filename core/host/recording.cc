#include "core/host/recording.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/trace/trace_row.h"

namespace cluster {

absl::StatusOr<std::unique_ptr<Recording>> Recording::Begin(
    const std::string& path) {
  absl::StatusOr<TraceWriter> writer = TraceWriter::Create(path);
  if (writer.ok()) {
    return std::unique_ptr<Recording>(new Recording(*std::move(writer), path));
  }
  return absl::Status(
      writer.status().code(),
      absl::StrCat("--record_trace: ", writer.status().message()));
}

absl::StatusOr<std::string> Recording::Finish() {
  const std::vector<TraceRow> rows = recorder_.Take();
  for (const TraceRow& row : rows) writer_.Write(row);
  RETURN_IF_ERROR(writer_.Finish());
  std::string line =
      absl::StrCat("recorded ", rows.size(), " connections in ", path_);
  const uint64_t left_out = recorder_.placed() - rows.size();
  if (left_out > 0) {
    absl::StrAppend(&line,
                    "; ",
                    left_out,
                    " are not in it: they did not end, or were more than ",
                    kMostConnections);
  }
  return line;
}

}  // namespace cluster
