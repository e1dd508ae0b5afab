// Message: what is sent to another process, or came from one.
//
// It is made of a Value, and of whatever a Value is made of; of a type of the
// program's by pack() (core/cluster/typed_message.h), whose counterpart is
// unpack(); or of bytes as they are. It does not say which: both ends agree.
//
// What is made of a Value the primary sends to a worker whose serialization is
// kJson as JSON text, and that worker to anybody (core/cluster/settings.h); it
// is encoded anew each time. All else goes as its bytes().
//
// One that came borrows its bytes for the length of the listener. A copy of it
// has bytes of its own, so it may be kept and sent on, as it came. Copies of
// any other, and of one that came with more than 8 MiB, share its bytes: what
// is sent often, or is large, is made once.
//
// Thread safety: a plain value; copies may be used by several threads.
//
//   worker->send("reload");
//   worker->send(Value::Map{{"port", 8080}});
//   worker->on(events::message, [](const Message& message, Handle&) {
//     absl::StatusOr<Value> value = message.value();
//   });
#ifndef CORE_CLUSTER_MESSAGE_H_
#define CORE_CLUSTER_MESSAGE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/cluster/handle.h"
#include "core/cluster/value/value.h"
#include "ipc/shared_bytes.h"

namespace cluster {

// What reply() takes. It may be kept, and used once. True if there is one.
struct Request {
  uint32_t asker = 0;  // a worker's id; 0: the primary
  uint64_t number = 0;
  explicit operator bool() const { return number != 0; }
};

class Message {
 public:
  // A null value.
  Message() : Message(Value()) {}
  // What cannot be sent, as it nests too deep, is in status(), and sending
  // fails with it.
  template <class T>
    requires(std::convertible_to<T, Value> &&
             !std::convertible_to<T, std::string_view> &&
             !std::same_as<std::remove_cvref_t<T>, Message>)
  Message(T&& value)  // NOLINT: what is sent converts
      : Message(kOfValue, Value(std::forward<T>(value))) {}
  // A string, copied once.
  template <std::convertible_to<std::string_view> T>
  Message(const T& text)  // NOLINT: likewise
      : Message(kOfText, std::string_view(text)) {}

  // Bytes as they are, for workers that run a plugin.
  static Message of_bytes(std::vector<std::byte> bytes);
  static Message of_bytes(std::string_view bytes);
  // For pack(): `bytes`, or why there are none.
  static Message of(absl::StatusOr<std::vector<std::byte>> bytes);

  Message(const Message& other);
  Message& operator=(const Message& other);
  // As a copy of one that came; else what is left holds nothing.
  Message(Message&& other);
  Message& operator=(Message&& other);

  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  // Of the two encodings of a Value, the first byte tells which this is. So
  // JSON text of whoever sends it is a Value, too.
  //   kDataLoss  they are no Value
  absl::StatusOr<Value> value() const;
  // Why it cannot be sent; OK if it can.
  const absl::Status& status() const { return status_; }

  // Of one that came: who sent it, 0 for the primary; and, if that waits for a
  // reply, the request.
  uint32_t from() const { return from_; }
  const Request& request() const { return request_; }

  // For the library. One that came: `bytes` must outlive it, unless `large`
  // holds them.
  Message(std::span<const std::byte> bytes,
          uint32_t from,
          Request request,
          SharedBytes large = {})
      : owned_(std::move(large)),
        bytes_(bytes),
        from_(from),
        request_(request) {}
  // Its bytes, copied if they are borrowed.
  SharedBytes Share() const;
  bool is_borrowed() const { return owned_.span().data() != bytes_.data(); }
  // It was made of a Value, here.
  bool is_value() const { return is_value_; }
  // That as JSON text. Errors: those of EncodeJson(). REQUIRES: is_value().
  absl::StatusOr<SharedBytes> Json() const;

 private:
  enum OfValue { kOfValue };
  enum OfText { kOfText };
  Message(OfValue, const Value& value);
  Message(OfText, std::string_view text);
  explicit Message(SharedBytes bytes);

  SharedBytes owned_;
  std::span<const std::byte> bytes_;  // of `owned_`, or borrowed
  absl::Status status_;
  bool is_value_ = false;
  uint32_t from_ = 0;
  Request request_;
};

// What came for a request, valid during the listener: a message, or why there
// is none.
//   kNotFound           the other side has ended, or there is none
//   kDeadlineExceeded   it has not answered in time
//   kResourceExhausted  too much waits to be read, or too many for replies
//   kInvalidArgument    the message or the handle cannot be sent
struct Reply {
  bool ok() const { return status.ok(); }

  absl::Status status;
  Message message;
  Handle handle;  // whoever moves it away owns it
};

// For the library: there is no reply, for this reason.
Reply NoReply(absl::Status why);

}  // namespace cluster

#endif  // CORE_CLUSTER_MESSAGE_H_
