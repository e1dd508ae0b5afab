#include "core/cluster/message.h"

#include "core/cluster/value/message_codec.h"

namespace cluster {

Message::Message(OfValue, const Value& value)
    : Message(of(EncodeMessage(value))) {}

Message Message::of(absl::StatusOr<std::vector<std::byte>> bytes) {
  if (bytes.ok()) return of_bytes(*std::move(bytes));
  Message message = of_bytes(std::vector<std::byte>());
  message.status_ = bytes.status();
  return message;
}

Message Message::of_bytes(std::vector<std::byte> bytes) {
  Message message({}, 0, Request());
  message.owned_ = std::move(bytes);
  message.bytes_ = message.owned_;
  return message;
}

Message Message::of_bytes(std::string_view bytes) {
  const auto view = std::as_bytes(std::span(bytes.data(), bytes.size()));
  return of_bytes(std::vector<std::byte>(view.begin(), view.end()));
}

Message::Message(const Message& other)
    : owned_(other.bytes_.begin(), other.bytes_.end()),
      bytes_(owned_),
      status_(other.status_),
      from_(other.from_),
      request_(other.request_) {}

Message& Message::operator=(const Message& other) {
  if (this != &other) *this = Message(other);
  return *this;
}

Message::Message(Message&& other)
    : owned_(other.TakeBytes()),
      bytes_(owned_),
      status_(other.status_),
      from_(other.from_),
      request_(other.request_) {}

Message& Message::operator=(Message&& other) {
  if (this == &other) return *this;
  owned_ = other.TakeBytes();
  bytes_ = owned_;
  status_ = other.status_;
  from_ = other.from_;
  request_ = other.request_;
  return *this;
}

std::vector<std::byte> Message::TakeBytes() {
  if (is_borrowed()) return {bytes_.begin(), bytes_.end()};
  bytes_ = {};
  return std::move(owned_);
}

absl::StatusOr<Value> Message::value() const {
  return DecodeMessage<Value>(bytes_);
}

}  // namespace cluster
