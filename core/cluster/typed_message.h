// pack() and unpack(): messages that hold a type of the program's own, any that
// ipc/archive.h takes. Both ends name the same type; a program that sends
// several sends a std::variant of them.
//
// This header is heavy: include it in few .cc files.
//
// Thread safety: free functions, safe from any thread.
//
//   using Order = std::variant<Reload, Resize>;
//   worker->send(pack(Order(Resize{.workers = 8})));
//   const absl::StatusOr<Order> order = unpack<Order>(message);
#ifndef CORE_CLUSTER_TYPED_MESSAGE_H_
#define CORE_CLUSTER_TYPED_MESSAGE_H_

#include "absl/status/statusor.h"
#include "core/cluster/message.h"
#include "core/cluster/value/message_codec.h"

namespace cluster {

// What its serialize() throws is in the message's status().
template <class T>
Message pack(const T& content) {
  return Message::of(EncodeMessage(content));
}

// kDataLoss: the message holds no T. T is default-constructible.
template <class T>
absl::StatusOr<T> unpack(const Message& message) {
  return DecodeMessage<T>(message.bytes());
}

}  // namespace cluster

#endif  // CORE_CLUSTER_TYPED_MESSAGE_H_
