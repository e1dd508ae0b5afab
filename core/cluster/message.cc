#include "core/cluster/message.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "core/base/status_macros.h"
#include "core/cluster/value/json.h"
#include "core/cluster/value/message_codec.h"

namespace cluster {
namespace {

// What an archive begins with (docs/wire_format.md), and JSON text cannot.
constexpr std::byte kLittleEndian{1};

// As the archive of a Value that holds it.
SharedBytes EncodeText(std::string_view text) {
  constexpr std::byte kKind{static_cast<uint8_t>(Value::Kind::kString)};
  std::array<std::byte, 2 + sizeof(uint64_t)> head = {kLittleEndian, kKind};
  const uint64_t size = text.size();
  std::memcpy(&head[2], &size, sizeof(size));
  return SharedBytes::Join(head, std::as_bytes(std::span(text)));
}

}  // namespace

Message::Message(OfValue, const Value& value)
    : Message(of(EncodeMessage(value))) {
  is_value_ = true;
}

Message::Message(OfText, std::string_view text) : Message(EncodeText(text)) {
  is_value_ = true;
}

Message::Message(SharedBytes bytes)
    : owned_(std::move(bytes)), bytes_(owned_.span()) {}

Message Message::of(absl::StatusOr<std::vector<std::byte>> bytes) {
  if (bytes.ok()) return of_bytes(*std::move(bytes));
  Message message = of_bytes(std::vector<std::byte>());
  message.status_ = bytes.status();
  return message;
}

Message Message::of_bytes(std::vector<std::byte> bytes) {
  return Message(SharedBytes(std::move(bytes)));
}

Message Message::of_bytes(std::string_view bytes) {
  return Message(
      SharedBytes::Copy(std::as_bytes(std::span(bytes.data(), bytes.size()))));
}

Message::Message(const Message& other)
    : owned_(other.Share()),
      bytes_(owned_.span()),
      status_(other.status_),
      is_value_(other.is_value_),
      from_(other.from_),
      request_(other.request_) {}

Message& Message::operator=(const Message& other) {
  owned_ = other.Share();
  bytes_ = owned_.span();
  status_ = other.status_;
  is_value_ = other.is_value_;
  from_ = other.from_;
  request_ = other.request_;
  return *this;
}

Message::Message(Message&& other) : Message({}, other.from_, other.request_) {
  *this = std::move(other);
}

Message& Message::operator=(Message&& other) {
  if (this == &other) return *this;
  if (other.is_borrowed()) return *this = other;
  owned_ = std::exchange(other.owned_, {});
  other.bytes_ = {};
  bytes_ = owned_.span();
  status_ = std::move(other.status_);
  is_value_ = std::exchange(other.is_value_, false);
  from_ = other.from_;
  request_ = other.request_;
  return *this;
}

SharedBytes Message::Share() const {
  return is_borrowed() ? SharedBytes::Copy(bytes_) : owned_;
}

absl::StatusOr<Value> Message::value() const {
  if (!bytes_.empty() && bytes_.front() != kLittleEndian) {
    return DecodeJson(text());
  }
  return DecodeMessage<Value>(bytes_);
}

absl::StatusOr<SharedBytes> Message::Json() const {
  const absl::StatusOr<Value> content = value();
  if (!content.ok()) {
    return absl::InvalidArgumentError(content.status().message());
  }
  ASSIGN_OR_RETURN(const std::string json, EncodeJson(*content));
  return SharedBytes::Copy(std::as_bytes(std::span(json)));
}

Reply NoReply(absl::Status why) {
  return {.status = std::move(why),
          .message = Message({}, 0, Request()),
          .handle = {}};
}

}  // namespace cluster
