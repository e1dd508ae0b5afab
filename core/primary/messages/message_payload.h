// MessagePayload: the bytes of a message to be sent, borrowed or shared.
//
// Who sends what it keeps lends it: it is copied only if it has to wait. Who
// sends something large, or the same to many, shares it: it is never copied.
//
// Thread safety: none. Lifetime: borrowed bytes, for the length of the call.
//
//   mailbox.Send(3, MessagePayload(text));
//   mailbox.Send(3, MessagePayload(SharedBytes(Encode(table))));
#ifndef CORE_PRIMARY_MESSAGES_MESSAGE_PAYLOAD_H_
#define CORE_PRIMARY_MESSAGES_MESSAGE_PAYLOAD_H_

#include <cstddef>
#include <span>
#include <utility>

#include "absl/strings/string_view.h"
#include "ipc/shared_bytes.h"

namespace cluster {

class MessagePayload {
 public:
  explicit MessagePayload(std::span<const std::byte> borrowed)
      : span_(borrowed), is_shared_(false) {}
  explicit MessagePayload(absl::string_view borrowed)
      : MessagePayload(
            std::as_bytes(std::span(borrowed.data(), borrowed.size()))) {}
  explicit MessagePayload(SharedBytes shared)
      : shared_(std::move(shared)), span_(shared_.span()), is_shared_(true) {}

  std::span<const std::byte> span() const { return span_; }
  bool is_shared() const { return is_shared_; }
  // Copies what is borrowed.
  SharedBytes Share() const {
    return is_shared_ ? shared_ : SharedBytes::Copy(span_);
  }

 private:
  SharedBytes shared_;
  std::span<const std::byte> span_;
  bool is_shared_;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_MESSAGE_PAYLOAD_H_
