// TraceReader: the rows of a trace, one after the other, in little memory
// however long it is.
//
// Thread safety: none.
//
//   ASSIGN_OR_RETURN(TraceReader reader, TraceReader::Open(path));
//   for (TraceRow row;;) {
//     ASSIGN_OR_RETURN(const bool more, reader.Next(&row));
//     if (!more) break;
//   }
#ifndef CORE_TRACE_TRACE_READER_H_
#define CORE_TRACE_TRACE_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "core/trace/trace_row.h"

namespace cluster {

class TraceReader {
 public:
  // Opens a trace and looks at both its ends, so that a file that is none, or
  // was cut short, is found before anything is made of it.
  //   kNotFound, kPermissionDenied, ...  of open(2)
  //   kInvalidArgument                   it is no trace
  //   kDataLoss                          it was cut short
  static absl::StatusOr<TraceReader> Open(const std::string& path);

  // Reads the next row; false at the end. Arrivals never fall.
  //   kDataLoss  a line that is wrong, named by its number; nothing follows
  absl::StatusOr<bool> Next(TraceRow* row);

  // How many rows it says that it has.
  uint64_t rows() const { return rows_; }

 private:
  TraceReader(UniqueFd fd, std::string path);

  absl::Status CheckEnd();
  // Reads a line without its end; false at the end of the file.
  absl::StatusOr<bool> NextLine(absl::string_view* line);
  absl::StatusOr<bool> Fill();
  absl::Status LineError(absl::string_view problem) const;

  UniqueFd fd_;
  std::string path_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // of what was not read yet
  size_t end_ = 0;
  uint64_t line_ = 0;  // of the last one
  uint64_t rows_ = 0;
  uint64_t read_ = 0;
  int64_t last_ns_ = 0;
};

}  // namespace cluster

#endif  // CORE_TRACE_TRACE_READER_H_
