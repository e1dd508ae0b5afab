// PayloadRing: large payloads go through memory that two processes share, so
// that each byte is copied in and copied out, and not by way of the kernel.
//
// One side writes, the other reads; who says in which order, and where each
// payload lies, is the stream between them (ipc/unix_channel.h). The writer
// makes the memory, a memfd(2), and the reader maps it when it comes. What does
// not fit is refused, and goes another way: nobody waits.
//
// Neither side believes the other. The file is sealed, since a mapping of what
// was cut short kills its reader by SIGBUS; places and counters are checked.
// What is mapped may still be changed by the writer while it is read.
//
//   page 0:  consumed, 8 bytes at 0: the reader's, a position
//            mapped, 4 bytes at 64: the reader's, 1 when it can read
//   page 1:  the ring
//
// A position counts bytes since the beginning, those left out at the ring's end
// included; its place is position modulo kRingBytes.
//
// Thread safety: none; a writer and a reader of one ring are for two processes,
// or threads. Lifetime: both own their mappings, which fork(2) does not pass
// on.
//
//   RingWriter writer = ...;  Offer(writer.TakeFd());
//   if (auto place = writer.Write(head, rest)) Tell(*place);
//
//   RingReader reader = ...;
//   ASSIGN_OR_RETURN(const auto bytes, reader.At(place));
//   reader.Release(place);
#ifndef IPC_PAYLOAD_RING_H_
#define IPC_PAYLOAD_RING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/unique_fd.h"

namespace cluster {

inline constexpr size_t kRingBytes = size_t{2} << 20;

// Where a payload lies.
struct RingPlace {
  uint64_t position = 0;
  uint64_t bytes = 0;
};

// A mapping of the file, both pages and ring.
class RingMapping {
 public:
  static absl::StatusOr<RingMapping> Of(int fd);
  RingMapping(RingMapping&& other) noexcept;
  RingMapping& operator=(RingMapping&&) = delete;
  ~RingMapping();

  std::atomic<uint64_t>& consumed() const;
  std::atomic<uint32_t>& mapped() const;
  // The ring's bytes from a position on, up to the ring's end.
  std::span<std::byte> From(uint64_t position) const;

 private:
  explicit RingMapping(std::byte* memory) : memory_(memory) {}

  std::byte* memory_;
};

class RingWriter {
 public:
  // Fails with the status of memfd_create, ftruncate, fcntl or mmap.
  static absl::StatusOr<RingWriter> Create();

  // For the reader; empty after the first call.
  UniqueFd TakeFd() { return std::move(fd_); }

  // Copies a payload in two pieces. Nothing if there is no room, or the reader
  // has not mapped the ring, or lies about what it has read.
  std::optional<RingPlace> Write(std::span<const std::byte> head,
                                 std::span<const std::byte> rest);

 private:
  RingWriter(UniqueFd fd, RingMapping mapping)
      : fd_(std::move(fd)), mapping_(std::move(mapping)) {}
  // The position for so many bytes, if there is room.
  std::optional<uint64_t> Reserve(uint64_t bytes);

  UniqueFd fd_;
  RingMapping mapping_;
  uint64_t next_ = 0;
  // What the reader has consumed, at the last look.
  uint64_t consumed_ = 0;
};

class RingReader {
 public:
  // `fd` is what a writer's TakeFd() returned, or so somebody says.
  //   kInvalidArgument  it is no sealed ring
  //   the errno's       mmap failed
  static absl::StatusOr<RingReader> Map(const UniqueFd& fd);

  // The bytes there, until Release(). Places are taken in order.
  //   kDataLoss  there is no such place
  absl::StatusOr<std::span<const std::byte>> At(RingPlace place) const;
  void Release(RingPlace place);

 private:
  explicit RingReader(RingMapping mapping) : mapping_(std::move(mapping)) {}

  RingMapping mapping_;
  uint64_t consumed_ = 0;
};

}  // namespace cluster

#endif  // IPC_PAYLOAD_RING_H_
