// LineSplitter: turns the bytes that a plugin prints into whole lines.
//
// Workers' standard output and error are pipes whose reads end anywhere; lines
// of several workers must not mix. It does no I/O. A line over kMaxLineBytes
// comes out in pieces, each but the last marked, so memory stays bounded and
// nothing is lost.
//
// Thread safety: none; one splitter belongs to one pipe.
//
//   splitter.Feed(bytes, [&](absl::string_view line) {
//     writer.Write(WorkerLine(3, line));
//   });
#ifndef CORE_LOG_LINE_SPLITTER_H_
#define CORE_LOG_LINE_SPLITTER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace cluster {

class LineSplitter {
 public:
  static constexpr size_t kMaxLineBytes = 16 * 1024;
  // Ends a piece of a line that goes on in the next.
  static constexpr absl::string_view kContinues = " [line continues]";

  // Takes a line without its '\n'; valid until it returns.
  using LineSink = absl::FunctionRef<void(absl::string_view line)>;

  // Calls `sink` for each line that `bytes` completes, in order.
  void Feed(absl::string_view bytes, LineSink sink);

  // Calls `sink` for an unfinished last line, if there is one. Call it when the
  // pipe has ended.
  void Finish(LineSink sink);

 private:
  void EmitPieces(LineSink sink);

  std::string partial_;  // at most kMaxLineBytes between calls
};

// Returns "[worker 3] text\n".
std::string WorkerLine(uint32_t worker_id, absl::string_view text);

}  // namespace cluster

#endif  // CORE_LOG_LINE_SPLITTER_H_
