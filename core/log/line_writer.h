// LineWriter: whole lines to a descriptor, never waiting for its reader.
//
// A line that the descriptor does not take now (the pipe is full, the reader is
// gone) is dropped and counted; the next line that goes through is preceded by
// a notice that says how many are missing. Use it for the log and for what
// plugins print. A line of up to PIPE_BUF bytes is one atomic write.
//
// Thread safety: none; used from one thread.
// Lifetime: borrows the descriptor, which may be blocking or not.
//
//   LineWriter writer(STDOUT_FILENO, [](uint64_t dropped) {
//     return absl::StrCat(dropped, " lines dropped\n");
//   });
//   writer.Write("hello\n");
#ifndef CORE_LOG_LINE_WRITER_H_
#define CORE_LOG_LINE_WRITER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace cluster {

class LineWriter {
 public:
  // Returns the line, ending in '\n', that reports `dropped` lines.
  using Notice = std::function<std::string(uint64_t dropped)>;

  LineWriter(int fd, Notice notice) : fd_(fd), notice_(std::move(notice)) {}

  // Writes `line`, which ends in '\n', or drops and counts it. Returns whether
  // it was written. When it breaks off in the middle (only lines over 4096
  // bytes, or a descriptor that takes less), it counts as dropped.
  bool Write(absl::string_view line);

  // Returns how many lines were dropped since the start.
  uint64_t dropped() const { return dropped_; }

 private:
  bool WriteWhole(absl::string_view line);
  bool Writable() const;

  const int fd_;
  const Notice notice_;

  uint64_t dropped_ = 0;
  uint64_t unreported_ = 0;
  bool mid_line_ = false;  // the last write broke off before its '\n'
};

}  // namespace cluster

#endif  // CORE_LOG_LINE_WRITER_H_
