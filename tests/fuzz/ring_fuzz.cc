// Fuzz target for payloads in shared memory: what a hostile peer may say of its
// ring (ipc/payload_ring.h) on a UnixChannel.
//
// The input's first byte says whether the reader trusts the peer; the rest are
// steps, each a byte that says what, then its numbers.
//
// Beyond the sanitizers' rules it demands:
//   - a payload is as long as its place says, and can be read
//   - a breach is kDataLoss, kResourceExhausted or kInvalidArgument
//   - no descriptor leaks
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "ipc/fd_passing.h"
#include "ipc/frame.h"
#include "ipc/frame_codec.h"
#include "ipc/payload_ring.h"
#include "ipc/unix_channel.h"

namespace cluster {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint16_t kType = 7;
// Larger than the ring, so that its end is what bounds a payload.
constexpr size_t kMaxPayload = 2 * kRingBytes;
constexpr size_t kMaxSteps = 100;

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// The number the next descriptor gets: it rises when one leaks.
int NextFd() { return UniqueFd(dup(STDERR_FILENO)).get(); }

// Reads the steps; zeros behind their end.
class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  uint64_t Number(size_t bytes) {
    uint64_t number = 0;
    for (size_t i = 0; i < bytes && !bytes_.empty(); ++i) {
      number |= std::to_integer<uint64_t>(bytes_[0]) << (8 * i);
      bytes_ = bytes_.subspan(1);
    }
    return number;
  }

 private:
  Bytes bytes_;
};

// The peer's end of the channel, and the reader's.
class Channel {
 public:
  explicit Channel(bool trusts_peer)
      : Channel(*MakeSocketPair(SOCK_STREAM), trusts_peer) {}

  // False when the conversation has ended.
  bool Step(Input& input) {
    const uint64_t step = input.Number(1);
    switch (step % 4) {
      case 0:
        return Says(kRingOffer, {}, RingWriter::Create()->TakeFd());
      case 1:
        return Says(kRingOffer, {}, UniqueFd(dup(STDERR_FILENO)));
      case 2: {
        const RingPlace place = {.position = input.Number(step / 4 % 9),
                                 .bytes = input.Number(step / 36 % 9)};
        expected_bytes_ = place.bytes;
        return Says(kType | kInRing, std::as_bytes(std::span(&place, 1)), {});
      }
      default: {
        const std::vector<std::byte> payload(input.Number(1));
        expected_bytes_ = payload.size();
        return Says(kType, payload, {});
      }
    }
  }

 private:
  Channel(std::pair<UniqueFd, UniqueFd> sockets, bool trusts_peer)
      : peer_(std::move(sockets.first)),
        reader_(std::move(sockets.second),
                {.max_payload_bytes = kMaxPayload,
                 .uses_ring = true,
                 .trusts_peer = trusts_peer}) {}

  bool Says(uint16_t type, Bytes payload, UniqueFd fd) {
    std::vector<std::byte> bytes;
    AppendFrame({.type = type, .fd_count = fd ? 1u : 0u}, payload, &bytes);
    const int number = fd.get();
    const std::span<const int> fds(&number, fd ? 1 : 0);
    Demand(SendMessage(peer_.get(), bytes, fds) == 0, "the peer can speak");
    const absl::Status status =
        reader_.OnReadable([this](Frame frame) { Check(frame); });
    if (status.ok()) return true;
    Demand(absl::IsDataLoss(status) || absl::IsResourceExhausted(status) ||
               absl::IsInvalidArgument(status),
           "a breach is one of the three");
    return false;
  }

  void Check(const Frame& frame) {
    Demand(frame.type == kType, "the type is the peer's");
    Demand(frame.payload.size() == expected_bytes_, "all of it and no more");
    std::byte sum{};
    for (const std::byte byte : frame.payload) sum ^= byte;
    Demand(sum == std::byte{}, "nobody wrote there");
  }

  UniqueFd peer_;
  UnixChannel reader_;
  uint64_t expected_bytes_ = 0;
};

void Check(Bytes bytes) {
  const int next_fd = NextFd();
  {
    Input input(bytes);
    Channel channel(input.Number(1) % 2 == 1);
    for (size_t i = 0; i < kMaxSteps && !input.empty(); ++i) {
      if (!channel.Step(input)) break;
    }
  }
  Demand(NextFd() == next_fd, "no descriptor leaks");
}

}  // namespace
}  // namespace cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::Check(std::as_bytes(std::span(data, size)));
  return 0;
}
