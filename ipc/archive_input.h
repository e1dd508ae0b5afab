// ArchiveInput: reads cereal's portable binary layout, and believes nothing.
//
// Part of ipc/archive.h; use Decode(). It throws, as cereal does:
// ArchiveError() is what Decode() makes of that.
//
// Thread safety: none; made for one call.
#ifndef IPC_ARCHIVE_INPUT_H_
#define IPC_ARCHIVE_INPUT_H_

#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "ipc/archive_output.h"

namespace cluster {

// Structs, containers, optionals, variants, pairs and map entries inside one
// another. Numbers and strings are at the depth of what holds them plus one.
inline constexpr int kMaxArchiveDepth = 64;

// Returns kDataLoss with what `error` says.
absl::Status ArchiveError(const std::exception& error);

class ArchiveInput
    : public cereal::InputArchive<ArchiveInput,
                                  cereal::AllowEmptyClassElision> {
 public:
  // Reads `bytes`, which outlive the archive. Throws when they do not begin
  // as a little-endian archive does.
  explicit ArchiveInput(std::span<const std::byte> bytes);

  // Takes the next `bytes` bytes. Throws when fewer remain.
  void Read(void* data, size_t bytes);
  // The same without a copy: they are where the archive is.
  std::span<const std::byte> Take(size_t bytes);

  // Takes a bool, which is one byte, 0 or 1. Throws on any other.
  bool ReadBool();

  // Throws when fewer than `count` elements of `element_bytes` > 0 remain.
  void ExpectElements(uint64_t count, size_t element_bytes) const;

  // Throws when bytes remain.
  void ExpectEnd() const;

  // Called around every class that is read. Throws below kMaxArchiveDepth.
  void Enter();
  void Leave() { --depth_; }

 private:
  std::span<const std::byte> left_;
  int depth_ = 0;
};

// What cereal looks for, by these names.
// NOLINTBEGIN(readability-identifier-naming)

template <class T>
  requires std::is_arithmetic_v<T>
void load(ArchiveInput& input, T& value) {
  static_assert(!std::is_floating_point_v<T> ||
                std::numeric_limits<T>::is_iec559);
  if constexpr (std::is_same_v<T, bool>) {
    value = input.ReadBool();
  } else {
    input.Read(&value, sizeof(value));
  }
}

template <class T>
void load(ArchiveInput& input, cereal::BinaryData<T>& data) {
  input.Read(data.data, static_cast<size_t>(data.size));
}

template <class T>
void serialize(ArchiveInput& input, cereal::NameValuePair<T>& pair) {
  input(pair.value);
}

// Before any container: an element takes a byte at least.
template <class T>
void serialize(ArchiveInput& input, cereal::SizeTag<T>& tag) {
  input(tag.size);
  input.ExpectElements(tag.size, 1);
}

// Preferred to cereal's, which takes the memory for all elements first.
template <class T>
  requires(!std::is_same_v<T, bool>)
void load(ArchiveInput& input, std::vector<T>& vector) {
  cereal::size_type size = 0;
  input(cereal::make_size_tag(size));
  vector.clear();
  if constexpr (std::is_arithmetic_v<T>) {
    input.ExpectElements(size, sizeof(T));
    vector.resize(static_cast<size_t>(size));
    input.Read(vector.data(), vector.size() * sizeof(T));
  } else {
    for (; size > 0; --size) input(vector.emplace_back());
  }
}

template <class T>
  requires std::is_class_v<T>
void prologue(ArchiveInput& input, const T&) {
  input.Enter();
}

template <class T>
  requires std::is_class_v<T>
void epilogue(ArchiveInput& input, const T&) {
  input.Leave();
}

// cereal's own wrappers are no level of nesting.
template <class T>
void prologue(ArchiveInput&, const cereal::NameValuePair<T>&) {}
template <class T>
void epilogue(ArchiveInput&, const cereal::NameValuePair<T>&) {}
template <class T>
void prologue(ArchiveInput&, const cereal::SizeTag<T>&) {}
template <class T>
void epilogue(ArchiveInput&, const cereal::SizeTag<T>&) {}
template <class T>
void prologue(ArchiveInput&, const cereal::BinaryData<T>&) {}
template <class T>
void epilogue(ArchiveInput&, const cereal::BinaryData<T>&) {}

// NOLINTEND(readability-identifier-naming)

}  // namespace cluster

CEREAL_REGISTER_ARCHIVE(cluster::ArchiveInput)
CEREAL_SETUP_ARCHIVE_TRAITS(cluster::ArchiveInput, cluster::ArchiveOutput)

#endif  // IPC_ARCHIVE_INPUT_H_
