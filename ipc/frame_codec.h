// Frames as bytes: AppendFrame() writes them, FrameDecoder reads them. Layout
// and a worked example: docs/wire_format.md.
//
// The decoder does no I/O and reads no clock: give it what arrived with Feed(),
// take frames with Next() until it returns kUnavailable. What it is fed may
// come from an enemy: a length is checked before anything is allocated, and
// memory grows with the bytes that arrived, never with a length that was
// announced.
//
// Thread safety: none; one decoder belongs to one channel.
// Lifetime: a frame's payload points into the decoder and is valid until the
// next call of Feed() or Next().
//
//   decoder.Feed(bytes, std::move(fds));
//   absl::StatusOr<Frame> frame = decoder.Next();
//   while (frame.ok()) { Handle(*std::move(frame)); frame = decoder.Next(); }
#ifndef IPC_FRAME_CODEC_H_
#define IPC_FRAME_CODEC_H_

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"
#include "ipc/frame.h"

namespace cluster {

// Writes the header as it is given, lies included, in kFrameHeaderBytes bytes.
void WriteFrameHeader(const FrameHeader& header,
                      std::span<std::byte, kFrameHeaderBytes> out);

// Appends the header and the payload to `out`. The length on the wire is the
// payload's; `header.payload_bytes` is not looked at.
// REQUIRES: header.fd_count <= kMaxFrameFds.
void AppendFrame(const FrameHeader& header,
                 std::span<const std::byte> payload,
                 std::vector<std::byte>* out);

class FrameDecoder {
 public:
  // A decoder that has nothing to do holds at most this many bytes.
  static constexpr size_t kIdleBytes = size_t{512} << 10;

  // Accepts payloads of at most `max_payload_bytes`.
  explicit FrameDecoder(size_t max_payload_bytes);

  // Appends what arrived: bytes are copied, descriptors are owned from here on
  // and closed when no frame claims them. Descriptors belong to frames in the
  // order of the stream; an empty one says that the rest of its frame's were
  // lost on arrival. A failed decoder drops both.
  void Feed(std::span<const std::byte> bytes, std::vector<UniqueFd> fds = {});

  // Returns the next whole frame.
  //   kUnavailable        no whole frame yet: Feed() more
  //   kResourceExhausted  the header announces more than max_payload_bytes
  //   kDataLoss           wrong magic or version, more than kMaxFrameFds
  //                       descriptors announced, a frame without all of its
  //                       descriptors, or descriptors that no frame announces
  // After the last two the stream is lost: every later call says the same.
  absl::StatusOr<Frame> Next();

  // Whether the last bytes fed are a frame's beginning: at the end of a stream
  // the sender died while it wrote.
  bool mid_frame() const { return !failure_.ok() || consumed_ < bytes_.size(); }

  // The memory held for bytes.
  size_t capacity_bytes() const { return bytes_.capacity(); }

 private:
  // What Next() does when the header is whole, and when it is not.
  absl::StatusOr<Frame> NextWithHeader(const FrameHeader& header);
  absl::Status NoHeaderYet();
  // Moves the next `count` descriptors to `*fds`, lost ones as empty ones.
  // False: they have not come.
  bool TakeFds(size_t count, std::vector<UniqueFd>* fds);
  // Checks the header at the beginning of the unconsumed bytes.
  absl::StatusOr<FrameHeader> ReadHeader() const;
  absl::Status Fail(absl::Status status);
  // Drops consumed bytes when that is worth a copy, and memory that is too big
  // for what is left.
  void Compact();

  const size_t max_payload_bytes_;
  absl::Status failure_;
  std::vector<std::byte> bytes_;
  size_t consumed_ = 0;
  std::deque<UniqueFd> fds_;
};

}  // namespace cluster

#endif  // IPC_FRAME_CODEC_H_
