#include "core/cluster/message.h"

#include <utility>

#include "core/cluster/value/message_codec.h"

namespace cluster {
namespace {

// As the archive of a Value that holds it (docs/wire_format.md).
std::vector<std::byte> EncodeText(std::string_view text) {
  constexpr std::byte kLittleEndian{1};
  constexpr std::byte kKind{static_cast<uint8_t>(Value::Kind::kString)};
  const uint64_t size = text.size();
  std::vector<std::byte> bytes;
  bytes.reserve(2 + sizeof(size) + text.size());
  bytes.push_back(kLittleEndian);
  bytes.push_back(kKind);
  const auto append = [&](std::span<const std::byte> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
  };
  append(std::as_bytes(std::span(&size, 1)));
  append(std::as_bytes(std::span(text)));
  return bytes;
}

}  // namespace

Message::Message(OfValue, const Value& value)
    : Message(of(EncodeMessage(value))) {}

Message::Message(OfText, std::string_view text)
    : Message(of_bytes(EncodeText(text))) {}

Message Message::of(absl::StatusOr<std::vector<std::byte>> bytes) {
  if (bytes.ok()) return of_bytes(*std::move(bytes));
  Message message = of_bytes(std::vector<std::byte>());
  message.status_ = bytes.status();
  return message;
}

Message Message::of_bytes(std::vector<std::byte> bytes) {
  Message message({}, 0, Request());
  message.owned_ = SharedBytes(std::move(bytes));
  message.bytes_ = message.owned_.span();
  return message;
}

Message Message::of_bytes(std::string_view bytes) {
  const auto view = std::as_bytes(std::span(bytes.data(), bytes.size()));
  return of_bytes(std::vector<std::byte>(view.begin(), view.end()));
}

Message::Message(const Message& other)
    : owned_(other.Share()),
      bytes_(owned_.span()),
      status_(other.status_),
      from_(other.from_),
      request_(other.request_) {}

Message& Message::operator=(const Message& other) {
  owned_ = other.Share();
  bytes_ = owned_.span();
  status_ = other.status_;
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
  from_ = other.from_;
  request_ = other.request_;
  return *this;
}

SharedBytes Message::Share() const {
  return is_borrowed() ? SharedBytes::Copy(bytes_) : owned_;
}

absl::StatusOr<Value> Message::value() const {
  return DecodeMessage<Value>(bytes_);
}

}  // namespace cluster
