#include "ipc/payload_ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/base/errno_status.h"
#include "core/base/status_macros.h"

namespace cluster {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kFileBytes = kPageBytes + kRingBytes;
constexpr size_t kMappedOffset = 64;
// So that each payload begins a cache line.
constexpr uint64_t kAlignment = 64;
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(std::atomic<uint32_t>::is_always_lock_free);

}  // namespace

// ---- The mapping

absl::StatusOr<RingMapping> RingMapping::Of(int fd) {
  void* const memory =
      mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return ErrnoStatus("mmap", "a payload ring");
  // It is between two; a child of either has no part in it.
  madvise(memory, kFileBytes, MADV_DONTFORK);
  return RingMapping(static_cast<std::byte*>(memory));
}

RingMapping::RingMapping(RingMapping&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)) {}

RingMapping::~RingMapping() {
  if (memory_ != nullptr) munmap(memory_, kFileBytes);
}

std::atomic<uint64_t>& RingMapping::consumed() const {
  return *std::launder(reinterpret_cast<std::atomic<uint64_t>*>(memory_));
}

std::atomic<uint32_t>& RingMapping::mapped() const {
  return *std::launder(
      reinterpret_cast<std::atomic<uint32_t>*>(memory_ + kMappedOffset));
}

std::span<std::byte> RingMapping::From(uint64_t position) const {
  const size_t offset = position % kRingBytes;
  return {memory_ + kPageBytes + offset, kRingBytes - offset};
}

// ---- Writing

absl::StatusOr<RingWriter> RingWriter::Create() {
  UniqueFd fd(
      memfd_create("cluster payloads", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return ErrnoStatus("memfd_create", "a payload ring");
  if (ftruncate(fd.get(), kFileBytes) != 0) {
    return ErrnoStatus("ftruncate", "a payload ring");
  }
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return ErrnoStatus("fcntl", "seals of a payload ring");
  }
  ASSIGN_OR_RETURN(RingMapping mapping, RingMapping::Of(fd.get()));
  return RingWriter(std::move(fd), std::move(mapping));
}

std::optional<uint64_t> RingWriter::Reserve(uint64_t bytes) {
  const uint64_t consumed = mapping_.consumed().load(std::memory_order_acquire);
  // Less than before, or more than there was: what it says is worth nothing.
  if (consumed > next_ || bytes > kRingBytes) return std::nullopt;
  consumed_ = std::max(consumed_, consumed);
  uint64_t start = next_;
  const uint64_t offset = start % kRingBytes;
  const bool is_empty = consumed == next_;
  // A payload lies in one piece; and an empty ring begins where its memory is
  // in the cache, and taken from the system already.
  if (offset > 0 && (is_empty || bytes > kRingBytes - offset)) {
    start += kRingBytes - offset;
  }
  if (is_empty) consumed_ = start;
  if (start + bytes - consumed_ > kRingBytes) return std::nullopt;
  return start;
}

std::optional<RingPlace> RingWriter::Write(std::span<const std::byte> head,
                                           std::span<const std::byte> rest) {
  if (mapping_.mapped().load(std::memory_order_acquire) == 0) {
    return std::nullopt;
  }
  const uint64_t bytes = head.size() + rest.size();
  const std::optional<uint64_t> start = Reserve(bytes);
  if (!start) return std::nullopt;
  const std::span<std::byte> to = mapping_.From(*start);
  std::copy(head.begin(), head.end(), to.begin());
  std::copy(rest.begin(), rest.end(), to.subspan(head.size()).begin());
  next_ = *start + (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return RingPlace{.position = *start, .bytes = bytes};
}

// ---- Reading

absl::StatusOr<RingReader> RingReader::Map(const UniqueFd& fd) {
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  struct stat file = {};
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 ||
      fstat(fd.get(), &file) != 0 || file.st_size != kFileBytes) {
    return absl::InvalidArgumentError("a descriptor is no payload ring");
  }
  ASSIGN_OR_RETURN(RingMapping mapping, RingMapping::Of(fd.get()));
  mapping.mapped().store(1, std::memory_order_release);
  return RingReader(std::move(mapping));
}

absl::StatusOr<std::span<const std::byte>> RingReader::At(
    RingPlace place) const {
  const std::span<const std::byte> from = mapping_.From(place.position);
  if (place.position < consumed_ || place.bytes > from.size()) {
    return absl::DataLossError("a payload lies outside of its ring");
  }
  return from.first(place.bytes);
}

void RingReader::Release(RingPlace place) {
  consumed_ =
      place.position + (place.bytes + kAlignment - 1) / kAlignment * kAlignment;
  mapping_.consumed().store(consumed_, std::memory_order_release);
}

}  // namespace cluster
