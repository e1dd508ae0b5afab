// ArchiveOutput: cereal's portable binary layout, appended to one vector.
//
// Part of ipc/archive.h; use Encode(). cereal's own archive writes through an
// iostream, which costs more than the encoding.
//
// Thread safety: none; made for one call.
#ifndef IPC_ARCHIVE_OUTPUT_H_
#define IPC_ARCHIVE_OUTPUT_H_

#include <bit>
#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <vector>

namespace cluster {

static_assert(std::endian::native == std::endian::little,
              "archives are little-endian and copied as they are");

// The first byte of an archive: its numbers are little-endian.
inline constexpr std::byte kArchiveLittleEndian{1};

class ArchiveOutput
    : public cereal::OutputArchive<ArchiveOutput,
                                   cereal::AllowEmptyClassElision> {
 public:
  // Appends to `out`, which outlives the archive.
  explicit ArchiveOutput(std::vector<std::byte>* out)
      : OutputArchive(this), out_(out) {
    out_->push_back(kArchiveLittleEndian);
  }

  void Write(const void* data, size_t bytes) {
    const auto* first = static_cast<const std::byte*>(data);
    out_->insert(out_->end(), first, first + bytes);
  }

 private:
  std::vector<std::byte>* out_;
};

// What cereal looks for, by these names.
// NOLINTBEGIN(readability-identifier-naming)

template <class T>
  requires std::is_arithmetic_v<T>
void save(ArchiveOutput& output, const T& value) {
  static_assert(!std::is_floating_point_v<T> ||
                std::numeric_limits<T>::is_iec559);
  output.Write(&value, sizeof(value));
}

template <class T>
void save(ArchiveOutput& output, const cereal::BinaryData<T>& data) {
  output.Write(data.data, static_cast<size_t>(data.size));
}

template <class T>
void serialize(ArchiveOutput& output, cereal::NameValuePair<T>& pair) {
  output(pair.value);
}

template <class T>
void serialize(ArchiveOutput& output, cereal::SizeTag<T>& tag) {
  output(tag.size);
}

// NOLINTEND(readability-identifier-naming)

}  // namespace cluster

CEREAL_REGISTER_ARCHIVE(cluster::ArchiveOutput)

#endif  // IPC_ARCHIVE_OUTPUT_H_
