#include "ipc/frame_codec.h"

#include <bit>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

static_assert(std::endian::native == std::endian::little,
              "frames are little-endian and copied as they are");

template <class T>
void Put(T value, size_t offset, std::byte* out) {
  std::memcpy(out + offset, &value, sizeof(value));
}

template <class T>
T Get(const std::byte* in, size_t offset) {
  T value;
  std::memcpy(&value, in + offset, sizeof(value));
  return value;
}

// Ends every read, so it says nothing: a Status without text takes no memory.
absl::Status NoFrameYet() { return absl::UnavailableError(""); }

}  // namespace

void WriteFrameHeader(const FrameHeader& header,
                      std::span<std::byte, kFrameHeaderBytes> out) {
  Put<uint32_t>(kFrameMagic, 0, out.data());
  Put<uint16_t>(kFrameVersion, 4, out.data());
  Put<uint16_t>(header.type, 6, out.data());
  Put<uint32_t>(header.fd_count, 8, out.data());
  Put<uint32_t>(0, 12, out.data());  // reserved
  Put<uint64_t>(header.payload_bytes, 16, out.data());
}

void AppendFrame(const FrameHeader& header,
                 std::span<const std::byte> payload,
                 std::vector<std::byte>* out) {
  FrameHeader exact = header;
  exact.payload_bytes = payload.size();
  std::byte bytes[kFrameHeaderBytes];
  WriteFrameHeader(exact, bytes);
  out->insert(out->end(), std::begin(bytes), std::end(bytes));
  out->insert(out->end(), payload.begin(), payload.end());
}

FrameDecoder::FrameDecoder(size_t max_payload_bytes)
    : max_payload_bytes_(max_payload_bytes) {}

void FrameDecoder::Feed(std::span<const std::byte> bytes,
                        std::vector<UniqueFd> fds) {
  if (!failure_.ok()) {
    consumed_ = bytes_.size();
    Compact();
    return;
  }
  Compact();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  std::move(fds.begin(), fds.end(), std::back_inserter(fds_));
}

absl::StatusOr<Frame> FrameDecoder::Next() {
  if (!failure_.ok()) return failure_;
  if (bytes_.size() - consumed_ < kFrameHeaderBytes) return NoHeaderYet();
  absl::StatusOr<FrameHeader> header = ReadHeader();
  if (!header.ok()) return Fail(std::move(header).status());
  return NextWithHeader(*header);
}

absl::Status FrameDecoder::NoHeaderYet() {
  // The unread header may announce as many as a header can.
  const size_t claimable = mid_frame() ? kMaxFrameFds : 0;
  if (fds_.size() > claimable) {
    return Fail(absl::DataLossError(
        absl::StrCat(fds_.size(), " descriptors came without a frame")));
  }
  Compact();
  return NoFrameYet();
}

absl::StatusOr<Frame> FrameDecoder::NextWithHeader(const FrameHeader& header) {
  const std::byte* start = bytes_.data() + consumed_;
  const size_t available = bytes_.size() - consumed_ - kFrameHeaderBytes;
  if (header.payload_bytes > available) {
    if (fds_.size() > header.fd_count) {
      return Fail(absl::DataLossError(
          absl::StrCat(fds_.size(),
                       " descriptors came with a frame that announces ",
                       header.fd_count)));
    }
    return NoFrameYet();
  }
  Frame frame;
  if (!TakeFds(header.fd_count, &frame.fds)) {
    return Fail(absl::DataLossError(absl::StrCat("a frame announces ",
                                                 header.fd_count,
                                                 " descriptors and ",
                                                 frame.fds.size(),
                                                 " came")));
  }
  frame.type = header.type;
  frame.payload = {start + kFrameHeaderBytes,
                   static_cast<size_t>(header.payload_bytes)};
  consumed_ += kFrameHeaderBytes + frame.payload.size();
  return frame;
}

bool FrameDecoder::TakeFds(size_t count, std::vector<UniqueFd>* fds) {
  while (fds->size() < count && !fds_.empty()) {
    UniqueFd fd = std::move(fds_.front());
    fds_.pop_front();
    // The kernel gives the first ones as long as there are numbers for them.
    if (!fd) {
      fds->resize(count);
    } else {
      fds->push_back(std::move(fd));
    }
  }
  return fds->size() == count;
}

absl::StatusOr<FrameHeader> FrameDecoder::ReadHeader() const {
  const std::byte* in = bytes_.data() + consumed_;
  if (Get<uint32_t>(in, 0) != kFrameMagic) {
    return absl::DataLossError("a frame does not begin with the magic CLFR");
  }
  if (const uint16_t version = Get<uint16_t>(in, 4); version != kFrameVersion) {
    return absl::DataLossError(absl::StrCat("a frame has version ",
                                            version,
                                            ", and this is version ",
                                            kFrameVersion));
  }
  FrameHeader header;
  header.type = Get<uint16_t>(in, 6);
  header.fd_count = Get<uint32_t>(in, 8);
  header.payload_bytes = Get<uint64_t>(in, 16);
  if (header.fd_count > kMaxFrameFds) {
    return absl::DataLossError(absl::StrCat("a frame announces ",
                                            header.fd_count,
                                            " descriptors of at most ",
                                            kMaxFrameFds));
  }
  if (header.payload_bytes > max_payload_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat("a frame announces ",
                                                     header.payload_bytes,
                                                     " bytes of at most ",
                                                     max_payload_bytes_));
  }
  return header;
}

absl::Status FrameDecoder::Fail(absl::Status status) {
  fds_.clear();
  failure_ = std::move(status);
  return failure_;
}

void FrameDecoder::Compact() {
  const size_t left = bytes_.size() - consumed_;
  // Each byte moved is paid for by one consumed, so all copies together are
  // linear in what was fed.
  if (consumed_ < left || consumed_ == 0) return;
  const bool too_big = bytes_.capacity() > kIdleBytes && left < kIdleBytes / 2;
  const auto first = bytes_.begin() + static_cast<ptrdiff_t>(consumed_);
  if (too_big) {
    bytes_ = std::vector<std::byte>(first, bytes_.end());
  } else {
    bytes_.erase(bytes_.begin(), first);
  }
  consumed_ = 0;
}

}  // namespace cluster
