#include "ipc/unix_channel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

// More than a Unix socket holds by default (net.core.wmem_default).
constexpr size_t kReadBytes = size_t{256} << 10;
// So that one flooding peer does not starve the others of the loop: with frames
// to handle a call ends here,
constexpr size_t kBytesPerCall = kReadBytes;
// and in the midst of a large one, which costs but a copy, here.
constexpr int kReadsPerCall = 16;
// Small frames are gathered into segments of about this size.
constexpr size_t kSegmentBytes = size_t{64} << 10;
constexpr size_t kMaxParts = 64;
// Written segments whose memory is kept: given back to the allocator, it would
// go to the kernel and come back page by page, for a third of what a message of
// 1 KiB costs.
constexpr size_t kMaxSpareSegments = 16;
// A shared piece of this size costs more to copy than a part of its own.
constexpr size_t kShareBytes = size_t{8} << 10;
// Below, one payload of many in a call is cheaper to send than its place.
constexpr size_t kRingPayloadBytes = size_t{16} << 10;

// Reading copies into the decoder before any handler runs, so the channels of a
// thread need one buffer between them, and it stays warm in the cache.
//
// It ends with its thread; what is read at exit() comes later than that, and
// makes another.
thread_local std::byte* read_buffer = nullptr;

struct ReadBufferEnd {
  ~ReadBufferEnd() { delete[] std::exchange(read_buffer, nullptr); }
};

std::span<std::byte> ReadBuffer() {
  thread_local const ReadBufferEnd end;
  if (read_buffer == nullptr) read_buffer = new std::byte[kReadBytes];
  return {read_buffer, kReadBytes};
}

// Memory of written segments, for the next of any channel of the thread. It
// ends likewise.
using Segments = std::vector<std::vector<std::byte>>;
thread_local Segments* spare_segments = nullptr;

struct SpareSegmentsEnd {
  ~SpareSegmentsEnd() { delete std::exchange(spare_segments, nullptr); }
};

Segments& SpareSegments() {
  thread_local const SpareSegmentsEnd end;
  if (spare_segments == nullptr) spare_segments = new Segments;
  return *spare_segments;
}

std::vector<std::byte> TakeSpareSegment() {
  Segments& spare = SpareSegments();
  if (spare.empty()) return {};
  std::vector<std::byte> segment = std::move(spare.back());
  spare.pop_back();
  return segment;
}

void KeepSpareSegment(std::vector<std::byte> segment) {
  Segments& spare = SpareSegments();
  if (spare.size() == kMaxSpareSegments || segment.capacity() == 0 ||
      segment.capacity() > 2 * kSegmentBytes) {
    return;
  }
  segment.clear();
  spare.push_back(std::move(segment));
}

}  // namespace

UnixChannel::UnixChannel(UniqueFd socket, ChannelOptions options)
    : socket_(std::move(socket)),
      options_(options),
      decoder_(options.max_payload_bytes) {}

UnixChannel::Segment& UnixChannel::TailFor(size_t frame_bytes, bool has_fds) {
  if (!has_fds && !queue_.empty() && queue_.back().shared.size() == 0 &&
      queue_.back().bytes.size() + frame_bytes <= kSegmentBytes) {
    return queue_.back();
  }
  Segment& tail = queue_.emplace_back();
  tail.bytes = TakeSpareSegment();
  return tail;
}

void UnixChannel::Send(uint16_t type,
                       std::span<const std::byte> payload,
                       std::vector<UniqueFd> fds) {
  SendJoined(type, payload, {}, std::move(fds));
}

void UnixChannel::SendJoined(uint16_t type,
                             std::span<const std::byte> head,
                             std::span<const std::byte> rest,
                             std::vector<UniqueFd> fds) {
  if (SendInRing(type, head, rest, &fds)) return;
  const size_t payload_bytes = head.size() + rest.size();
  const size_t frame_bytes = kFrameHeaderBytes + payload_bytes;
  Segment& segment =
      SendHead(type, head, payload_bytes, frame_bytes, std::move(fds));
  segment.bytes.insert(segment.bytes.end(), rest.begin(), rest.end());
}

void UnixChannel::SendShared(uint16_t type,
                             std::span<const std::byte> head,
                             const SharedBytes& rest,
                             std::vector<UniqueFd> fds) {
  if (rest.size() < kShareBytes) {
    return SendJoined(type, head, rest.span(), std::move(fds));
  }
  if (SendInRing(type, head, rest.span(), &fds)) return;
  SendHead(type,
           head,
           head.size() + rest.size(),
           kFrameHeaderBytes + head.size(),
           std::move(fds));
  queue_.emplace_back().shared = rest;
  queued_bytes_ += rest.size();
}

bool UnixChannel::SendInRing(uint16_t type,
                             std::span<const std::byte> head,
                             std::span<const std::byte> rest,
                             std::vector<UniqueFd>* fds) {
  if (!options_.uses_ring || head.size() + rest.size() < kRingPayloadBytes) {
    return false;
  }
  OfferRing();
  if (!ring_) return false;
  const std::optional<RingPlace> place = ring_->Write(head, rest);
  if (!place) return false;
  const std::span<const std::byte> payload =
      std::as_bytes(std::span(&*place, 1));
  SendHead(type | kInRing,
           payload,
           payload.size(),
           kFrameHeaderBytes + payload.size(),
           std::move(*fds));
  withheld_in_ring_ += place->bytes;
  return true;
}

void UnixChannel::OfferRing() {
  if (std::exchange(has_offered_, true)) return;
  absl::StatusOr<RingWriter> ring = RingWriter::Create();
  // Without one all goes by the socket.
  if (!ring.ok()) return;
  ring_.emplace(*std::move(ring));
  std::vector<UniqueFd> fds;
  fds.push_back(ring_->TakeFd());
  SendHead(kRingOffer, {}, 0, kFrameHeaderBytes, std::move(fds));
}

UnixChannel::Segment& UnixChannel::SendHead(uint16_t type,
                                            std::span<const std::byte> head,
                                            size_t payload_bytes,
                                            size_t frame_bytes,
                                            std::vector<UniqueFd> fds) {
  if (fds.size() > kMaxFrameFds) {
    std::fprintf(stderr, "UnixChannel::Send: %zu descriptors\n", fds.size());
    std::abort();
  }
  std::array<std::byte, kFrameHeaderBytes> header;
  WriteFrameHeader({.type = type,
                    .fd_count = static_cast<uint32_t>(fds.size()),
                    .payload_bytes = payload_bytes},
                   header);
  Segment& segment = TailFor(frame_bytes, !fds.empty());
  segment.bytes.insert(segment.bytes.end(), header.begin(), header.end());
  segment.bytes.insert(segment.bytes.end(), head.begin(), head.end());
  if (!fds.empty()) segment.fds = std::move(fds);
  queued_bytes_ += frame_bytes;
  return segment;
}

size_t UnixChannel::queued_fds() const {
  size_t count = 0;
  for (const Segment& segment : queue_) count += segment.fds.size();
  return count;
}

absl::Status UnixChannel::Flush() {
  while (!queue_.empty()) {
    const Sent sent = WriteOnce();
    if (sent.error == EAGAIN) return absl::OkStatus();
    if (sent.error != 0) return ErrnoStatus(sent.error, "sendmsg");
    DropWritten(sent.bytes);
  }
  withheld_in_ring_ = 0;
  return absl::OkStatus();
}

Sent UnixChannel::WriteOnce() {
  std::array<iovec, kMaxParts> parts;
  size_t count = 0;
  for (Segment& segment : queue_) {
    // Descriptors go with the first byte of a call.
    if (count == parts.size() || (count > 0 && !segment.fds.empty())) break;
    const std::span<const std::byte> left =
        segment.content().subspan(segment.written);
    // sendmsg() does not write there.
    parts[count++] = {const_cast<std::byte*>(left.data()), left.size()};
  }
  std::array<int, kMaxFrameFds> fds;
  const std::vector<UniqueFd>& owned = queue_.front().fds;
  std::transform(owned.begin(), owned.end(), fds.begin(), [](const auto& fd) {
    return fd.get();
  });
  return SendGather(fd(), {parts.data(), count}, {fds.data(), owned.size()});
}

void UnixChannel::DropWritten(size_t bytes) {
  queued_bytes_ -= bytes;
  written_bytes_ += bytes;
  queue_.front().fds.clear();
  while (bytes > 0) {
    Segment& front = queue_.front();
    const size_t size = front.content().size();
    const size_t part = std::min(bytes, size - front.written);
    front.written += part;
    bytes -= part;
    if (front.written < size) return;
    KeepSpareSegment(std::move(front.bytes));
    queue_.pop_front();
  }
}

absl::Status UnixChannel::OnReadable(absl::FunctionRef<void(Frame)> handler) {
  bool handled = false;
  size_t total = 0;
  size_t payloads = 0;  // those in the ring, too
  const auto handle = [&](Frame frame) {
    handled = true;
    payloads += frame.payload.size();
    handler(std::move(frame));
  };
  for (int i = 0; read_failure_.ok() && i < kReadsPerCall; ++i) {
    size_t bytes = 0;
    read_failure_ = ReadOnce(handle, &bytes);
    total += bytes;
    if (bytes == 0) break;
    if (handled && std::max(total, payloads) >= kBytesPerCall) break;
  }
  return read_failure_;
}

absl::Status UnixChannel::ReadOnce(absl::FunctionRef<void(Frame)> handler,
                                   size_t* bytes) {
  std::array<int, kMaxFrameFds> fds;
  const std::span<std::byte> buffer = ReadBuffer();
  const Received received = ReceiveMessage(fd(), buffer, fds);
  if (received.error == EAGAIN) return absl::OkStatus();
  if (received.error == ECONNRESET) return EndOfStream();
  if (received.error != 0) return ErrnoStatus(received.error, "recvmsg");
  if (received.bytes == 0) return EndOfStream();
  *bytes = received.bytes;
  std::vector<UniqueFd> owned;
  owned.reserve(received.fd_count + 1);
  for (size_t i = 0; i < received.fd_count; ++i) owned.emplace_back(fds[i]);
  // A read ends behind the first sendmsg() that had any, so they are of one
  // frame.
  if (received.fds_truncated) owned.emplace_back();
  decoder_.Feed(buffer.first(received.bytes), std::move(owned));
  return HandleFrames(handler);
}

absl::Status UnixChannel::HandleFrames(absl::FunctionRef<void(Frame)> handler) {
  absl::StatusOr<Frame> frame = decoder_.Next();
  for (; frame.ok(); frame = decoder_.Next()) {
    if (frame->type < kInRing) {
      handler(*std::move(frame));
    } else {
      RETURN_IF_ERROR(HandleRing(*std::move(frame), handler));
    }
  }
  if (absl::IsUnavailable(frame.status())) return absl::OkStatus();
  return std::move(frame).status();
}

absl::Status UnixChannel::HandleRing(Frame frame,
                                     absl::FunctionRef<void(Frame)> handler) {
  if (frame.type == kRingOffer) {
    if (!options_.uses_ring || ring_of_peer_ || frame.fds.size() != 1) {
      return absl::DataLossError("a payload ring that nobody wants");
    }
    // Without a descriptor or memory for it the peer goes on by the socket.
    if (!frame.fds.front()) return absl::OkStatus();
    absl::StatusOr<RingReader> ring = RingReader::Map(frame.fds.front());
    if (ring.ok()) ring_of_peer_.emplace(*std::move(ring));
    return absl::IsInvalidArgument(ring.status()) ? ring.status()
                                                  : absl::OkStatus();
  }
  RingPlace place;
  if (!ring_of_peer_ || frame.payload.size() != sizeof(place)) {
    return absl::DataLossError("a payload in a ring that is not there");
  }
  std::memcpy(&place, frame.payload.data(), sizeof(place));
  if (place.bytes > options_.max_payload_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a frame announces ",
                     place.bytes,
                     " bytes of at most ",
                     options_.max_payload_bytes));
  }
  ASSIGN_OR_RETURN(frame.payload, ring_of_peer_->At(place));
  if (!options_.trusts_peer) {
    copy_.assign(frame.payload.begin(), frame.payload.end());
    frame.payload = copy_;
    ring_of_peer_->Release(place);
  }
  frame.type &= ~kInRing;
  handler(std::move(frame));
  if (options_.trusts_peer) ring_of_peer_->Release(place);
  return absl::OkStatus();
}

absl::Status UnixChannel::EndOfStream() const {
  if (decoder_.mid_frame()) {
    return absl::DataLossError("end of stream inside a frame");
  }
  return absl::OutOfRangeError("end of stream");
}

}  // namespace cluster
