// EncodeMessage and DecodeMessage: a message as a Value, or as any type that
// ipc/archive.h takes, to bytes and back. What fails is a Status, never an
// exception, whatever a type's serialize() throws.
//
// The bytes are one archive (docs/wire_format.md) and carry no name of their
// type: both ends are one program, or agree. A program that sends several types
// sends a std::variant of them, whose index is checked.
//
// What is decoded may come from an enemy: see ipc/archive.h.
//
// This header is heavy: include it in few .cc files.
//
// Thread safety: free functions, safe from any thread.
//
//   using Message = std::variant<Reload, Resize>;
//   ASSIGN_OR_RETURN(std::vector<std::byte> bytes,
//                    EncodeMessage(Message(Resize{.workers = 8})));
//   ASSIGN_OR_RETURN(const Message message, DecodeMessage<Message>(bytes));
#ifndef CORE_CLUSTER_VALUE_MESSAGE_CODEC_H_
#define CORE_CLUSTER_VALUE_MESSAGE_CODEC_H_

#include <cstddef>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/cluster/value/value_archive.h"
#include "ipc/archive.h"

namespace cluster {

// Returns the bytes of `message`.
//   kInvalidArgument  it cannot be sent: a Value that nests too deep, or what
//                     its serialize() threw
template <class T>
absl::StatusOr<std::vector<std::byte>> EncodeMessage(const T& message) {
  try {
    std::vector<std::byte> bytes;
    EncodeTo(message, &bytes);
    return absl::StatusOr<std::vector<std::byte>>(std::move(bytes));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot be sent: ", error.what()));
  }
}

// Returns the message that `bytes` hold, all of them. T is default-
// constructible.
//   kDataLoss  they hold no T
template <class T>
absl::StatusOr<T> DecodeMessage(std::span<const std::byte> bytes) {
  return Decode<T>(bytes);
}

}  // namespace cluster

#endif  // CORE_CLUSTER_VALUE_MESSAGE_CODEC_H_
