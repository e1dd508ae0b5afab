// Values as bytes: Encode() and Decode(), over cereal's archives. The bytes are
// those of cereal's PortableBinary archives, little-endian
// (docs/wire_format.md).
//
// A type says how it is laid out with a serialize() template; no include of
// cereal is needed for that, and nothing outside these files has one. Numbers,
// bool, enums with a fixed underlying type, std::string, array, vector, map,
// optional, pair and variant work as they are, and each may hold the others.
//
// What is decoded may come from an enemy. Every size is checked against the
// bytes that remain before memory is taken for it, and nesting is bounded; a
// value still may take up to sizeof(element) bytes of memory for each byte of
// input. Whether an enum's number is one of its names is the caller's question.
//
// This header is heavy: include it where messages are encoded, in few .cc
// files.
//
// Thread safety: free functions, safe from any thread.
//
//   struct Listen {
//     uint16_t port = 0;
//     std::string host;
//     template <class Archive>
//     void serialize(Archive& archive) { archive(port, host); }
//   };
//   absl::StatusOr<Listen> listen = Decode<Listen>(Encode(Listen{80, "::"}));
#ifndef IPC_ARCHIVE_H_
#define IPC_ARCHIVE_H_

#include <cstddef>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ipc/archive_input.h"
#include "ipc/archive_output.h"

namespace cluster {

// Appends the encoded `value` to `out`, in one pass.
template <class T>
void EncodeTo(const T& value, std::vector<std::byte>* out) {
  ArchiveOutput output(out);
  output(value);
}

// Returns the encoded `value`. One nested deeper than kMaxArchiveDepth encodes,
// and no Decode() takes it.
template <class T>
std::vector<std::byte> Encode(const T& value) {
  std::vector<std::byte> bytes;
  EncodeTo(value, &bytes);
  return bytes;
}

// Returns the value that `bytes` hold, all of them. T is default-constructible.
//   kDataLoss  they hold no T: too short, too long, a size larger than what
//              remains, nested deeper than kMaxArchiveDepth, a bool or a
//              variant's index that is none, or big-endian
template <class T>
absl::StatusOr<T> Decode(std::span<const std::byte> bytes) {
  // The only place where an exception of cereal's can arise: it ends here.
  try {
    ArchiveInput input(bytes);
    T value{};
    input(value);
    input.ExpectEnd();
    return absl::StatusOr<T>(std::move(value));
  } catch (const std::exception& error) {
    return ArchiveError(error);
  }
}

}  // namespace cluster

#endif  // IPC_ARCHIVE_H_
