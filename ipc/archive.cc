#include "ipc/archive.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cluster {

absl::Status ArchiveError(const std::exception& error) {
  return absl::DataLossError(absl::StrCat("archive: ", error.what()));
}

ArchiveInput::ArchiveInput(std::span<const std::byte> bytes)
    : InputArchive(this), left_(bytes) {
  if (left_.empty()) throw cereal::Exception("no bytes");
  if (left_.front() != kArchiveLittleEndian) {
    throw cereal::Exception(
        absl::StrCat("the first byte is ",
                     std::to_integer<int>(left_.front()),
                     ", and a little-endian archive begins with 1"));
  }
  left_ = left_.subspan(1);
}

void ArchiveInput::Read(void* data, size_t bytes) {
  const std::span<const std::byte> taken = Take(bytes);
  if (bytes > 0) std::memcpy(data, taken.data(), bytes);
}

std::span<const std::byte> ArchiveInput::Take(size_t bytes) {
  if (bytes > left_.size()) {
    throw cereal::Exception(absl::StrCat(
        bytes, " bytes are expected and ", left_.size(), " remain"));
  }
  const std::span<const std::byte> taken = left_.first(bytes);
  left_ = left_.subspan(bytes);
  return taken;
}

bool ArchiveInput::ReadBool() {
  uint8_t byte = 0;
  Read(&byte, sizeof(byte));
  if (byte > 1) {
    throw cereal::Exception(absl::StrCat("a bool is ", byte));
  }
  return byte == 1;
}

void ArchiveInput::ExpectElements(uint64_t count, size_t element_bytes) const {
  if (count > left_.size() / element_bytes) {
    throw cereal::Exception(absl::StrCat(count,
                                         " elements of at least ",
                                         element_bytes,
                                         " bytes are announced and ",
                                         left_.size(),
                                         " bytes remain"));
  }
}

void ArchiveInput::ExpectEnd() const {
  if (!left_.empty()) {
    throw cereal::Exception(
        absl::StrCat(left_.size(), " bytes remain after the value"));
  }
}

void ArchiveInput::Enter() {
  if (++depth_ > kMaxArchiveDepth) {
    throw cereal::Exception(
        absl::StrCat("nested deeper than ", kMaxArchiveDepth));
  }
}

}  // namespace cluster
