#include "core/cluster/value/value.h"

#include <algorithm>
#include <type_traits>

#include "core/cluster/value/double_text.h"

namespace cluster {
namespace {

const Value& Null() {
  static const Value null;
  return null;
}

template <class T>
std::partial_ordering Compare(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, std::monostate>) {
    return std::partial_ordering::equivalent;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return a <=> b;
  } else {
    return std::lexicographical_compare_three_way(
        a.begin(), a.end(), b.begin(), b.end());
  }
}

void AppendHex(unsigned byte, std::string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  *out += kDigits[byte >> 4];
  *out += kDigits[byte & 15];
}

// Writes the text of a value until there is enough of it.
class DebugWriter {
 public:
  explicit DebugWriter(size_t max_bytes) : max_bytes_(max_bytes) {}

  void Write(const Value& value, int depth) {
    if (full()) return;
    switch (value.kind()) {
      case Value::Kind::kNull:
        text_ += "null";
        break;
      case Value::Kind::kBool:
        text_ += *value.As<bool>() ? "true" : "false";
        break;
      case Value::Kind::kInt:
        text_ += std::to_string(*value.As<int64_t>());
        break;
      case Value::Kind::kDouble:
        AppendDouble(*value.As<double>(), &text_);
        break;
      case Value::Kind::kString:
        WriteString(*value.As<std::string>());
        break;
      case Value::Kind::kBytes:
        WriteBytes(*value.As<Value::Bytes>());
        break;
      case Value::Kind::kList:
      case Value::Kind::kMap:
        if (depth == Value::kMaxDepth) {
          cut_ = true;
          return;
        }
        WriteElements(value, depth + 1);
    }
  }

  std::string Finish() && {
    if (text_.size() <= max_bytes_ && !cut_) return std::move(text_);
    text_.resize(std::min(text_.size(), max_bytes_));
    return std::move(text_) + "...";
  }

 private:
  bool full() const { return cut_ || text_.size() > max_bytes_; }

  void WriteString(std::string_view text) {
    text_ += '"';
    for (const char c : text) {
      if (full()) return;
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += c;
      } else if (c == '\n') {
        text_ += "\\n";
      } else if (byte < 0x20 || byte >= 0x7f) {
        text_ += "\\x";
        AppendHex(byte, &text_);
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }

  void WriteBytes(const Value::Bytes& bytes) {
    text_ += "b\"";
    for (const std::byte byte : bytes) {
      if (full()) return;
      AppendHex(std::to_integer<unsigned>(byte), &text_);
    }
    text_ += '"';
  }

  void WriteElements(const Value& value, int depth) {
    const char* separator = "";
    if (const auto* list = value.As<Value::List>()) {
      text_ += '[';
      for (const Value& element : *list) {
        if (full()) return;
        text_ += std::exchange(separator, ", ");
        Write(element, depth);
      }
      text_ += ']';
      return;
    }
    text_ += '{';
    for (const auto& [key, element] : *value.As<Value::Map>()) {
      if (full()) return;
      text_ += std::exchange(separator, ", ");
      WriteString(key);
      text_ += ": ";
      Write(element, depth);
    }
    text_ += '}';
  }

  const size_t max_bytes_;
  std::string text_;
  bool cut_ = false;
};

}  // namespace

std::optional<double> Value::Number() const {
  if (const auto* number = As<double>()) return *number;
  if (const auto* number = As<int64_t>()) return static_cast<double>(*number);
  return std::nullopt;
}

const Value& Value::operator[](std::string_view key) const {
  const Map* const map = As<Map>();
  if (map == nullptr) return Null();
  const auto found = map->find(key);
  return found == map->end() ? Null() : found->second;
}

const Value& Value::operator[](size_t index) const {
  const List* const list = As<List>();
  return list == nullptr || index >= list->size() ? Null() : (*list)[index];
}

size_t Value::size() const {
  if (const auto* list = As<List>()) return list->size();
  if (const auto* map = As<Map>()) return map->size();
  return 0;
}

std::partial_ordering Value::operator<=>(const Value& other) const {
  if (kind() != other.kind()) return kind() <=> other.kind();
  return std::visit(
      [&](const auto& own) {
        using T = std::decay_t<decltype(own)>;
        return Compare(own, *std::get_if<T>(&other.data_));
      },
      data_);
}

std::string Value::DebugText(size_t max_bytes) const {
  DebugWriter writer(max_bytes);
  writer.Write(*this, 0);
  return std::move(writer).Finish();
}

std::string_view KindName(Value::Kind kind) {
  static constexpr std::string_view kNames[] = {
      "null", "bool", "int", "double", "string", "bytes", "list", "map"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace cluster
