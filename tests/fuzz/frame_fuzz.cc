// Fuzz target for FrameDecoder. The input's first byte is the length of the
// chunks that the rest, a stream, is fed in (0: all at once), its second how
// many descriptors come with the first chunk.
//
// Beyond the sanitizers' rules it demands:
//   - chunks and the whole stream give the same frames and the same end
//   - each frame encodes to the bytes it came from, but for what is reserved
//   - memory is bounded by what was fed, and no descriptor leaks
#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "ipc/frame.h"
#include "ipc/frame_codec.h"

namespace cluster {
namespace {

constexpr size_t kMaxPayload = 512;
// Of a header: docs/wire_format.md.
constexpr size_t kReservedOffset = 12;
constexpr size_t kReservedBytes = 4;

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// What came out of a stream: the frames, encoded again, and how it ended.
struct Outcome {
  std::vector<std::byte> bytes;
  std::vector<size_t> begins;  // of each frame in there
  absl::StatusCode end = absl::StatusCode::kOk;
  bool operator==(const Outcome&) const = default;
};

void TakeFrames(FrameDecoder& decoder, Outcome* outcome) {
  absl::StatusOr<Frame> frame = decoder.Next();
  for (; frame.ok(); frame = decoder.Next()) {
    Demand(frame->payload.size() <= kMaxPayload, "payload within its limit");
    outcome->begins.push_back(outcome->bytes.size());
    AppendFrame({.type = frame->type,
                 .fd_count = static_cast<uint32_t>(frame->fds.size())},
                frame->payload,
                &outcome->bytes);
  }
  outcome->end = frame.status().code();
}

std::vector<UniqueFd> MakeFds(size_t count) {
  std::vector<UniqueFd> fds;
  for (size_t i = 0; i < count; ++i) fds.emplace_back(dup(STDERR_FILENO));
  return fds;
}

Outcome Decode(std::span<const std::byte> stream, size_t chunk, size_t fds) {
  FrameDecoder decoder(kMaxPayload);
  Outcome outcome;
  std::vector<UniqueFd> first = MakeFds(fds);
  do {
    const size_t size = std::min(chunk, stream.size());
    decoder.Feed(stream.first(size), std::exchange(first, {}));
    TakeFrames(decoder, &outcome);
    stream = stream.subspan(size);
  } while (!stream.empty());
  return outcome;
}

// Whether `whole` is how `stream` begins.
bool IsPrefix(const Outcome& whole, std::span<const std::byte> stream) {
  if (whole.bytes.size() > stream.size()) return false;
  std::vector<std::byte> begin(stream.begin(),
                               stream.begin() + whole.bytes.size());
  for (const size_t frame : whole.begins) {
    std::fill_n(
        begin.begin() + frame + kReservedOffset, kReservedBytes, std::byte{0});
  }
  return whole.bytes == begin;
}

// The number the next descriptor gets: it rises when one leaks.
int NextFd() { return UniqueFd(dup(STDERR_FILENO)).get(); }

void Check(std::span<const std::byte> input) {
  if (input.size() < 2) return;
  const size_t chunk = std::to_integer<size_t>(input[0]);
  const size_t fds = std::to_integer<size_t>(input[1]) % 8;
  const std::span<const std::byte> stream = input.subspan(2);
  const int next_fd = NextFd();
  const Outcome whole = Decode(stream, stream.size(), fds);
  Demand(IsPrefix(whole, stream), "frames encode to what they came from");
  if (chunk > 0) {
    const Outcome chunked = Decode(stream, chunk, fds);
    // A descriptor whose frame never began is a stray only once the bytes
    // before it are known to be all, so chunks may end otherwise with some.
    Demand(fds > 0 || chunked == whole, "chunks change nothing");
  }
  Demand(NextFd() == next_fd, "no descriptor leaks");
}

}  // namespace
}  // namespace cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::Check(std::as_bytes(std::span(data, size)));
  return 0;
}
