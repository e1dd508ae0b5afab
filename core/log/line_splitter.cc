#include "core/log/line_splitter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/log/utf8.h"

namespace cluster {

void LineSplitter::Feed(absl::string_view bytes, LineSink sink) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    // Room for one byte more than a line may have shows that it is too long.
    const size_t room = kMaxLineBytes + 1 - partial_.size();
    const absl::string_view taken =
        bytes.substr(0, std::min({end, room, bytes.size()}));
    absl::StrAppend(&partial_, taken);
    bytes.remove_prefix(taken.size());
    EmitPieces(sink);
    if (taken.size() == end) {
      sink(partial_);
      partial_.clear();
      bytes.remove_prefix(1);
    }
  }
}

void LineSplitter::Finish(LineSink sink) {
  if (partial_.empty()) return;
  sink(partial_);
  partial_.clear();
}

void LineSplitter::EmitPieces(LineSink sink) {
  if (partial_.size() <= kMaxLineBytes) return;
  const size_t size = Utf8PrefixSize(partial_, kMaxLineBytes);
  sink(absl::StrCat(absl::string_view(partial_).substr(0, size), kContinues));
  partial_.erase(0, size);
}

std::string WorkerLine(uint32_t worker_id, absl::string_view text) {
  return absl::StrCat("[worker ", worker_id, "] ", text, "\n");
}

}  // namespace cluster
