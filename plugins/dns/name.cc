#include "plugins/dns/name.h"

#include <cstdint>
#include <cstdio>

namespace cluster::dns {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes one character, or what an escape means, off the front of `text`. None:
// a backslash that begins no escape.
std::optional<char> TakeCharacter(std::string_view* text) {
  const char first = text->front();
  text->remove_prefix(1);
  if (first != '\\') return first;
  if (text->empty()) return std::nullopt;
  if (!IsDigit(text->front())) {
    const char escaped = text->front();
    text->remove_prefix(1);
    return escaped;
  }
  int number = 0;
  for (int i = 0; i < 3; ++i) {
    if (text->empty() || !IsDigit(text->front())) return std::nullopt;
    number = number * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  if (number > 255) return std::nullopt;
  return static_cast<char>(number);
}

// Appends a label. False: it is empty or too long.
bool AppendLabel(const std::string& label, std::string* wire) {
  if (label.empty() || label.size() > kMaxLabelBytes) return false;
  wire->push_back(static_cast<char>(label.size()));
  wire->append(label);
  return true;
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const std::optional<char> c = TakeCharacter(&text);
    if (!c) return std::nullopt;
    bytes.push_back(*c);
  }
  return bytes;
}

Name Name::FromWire(std::string_view wire) { return Name(std::string(wire)); }

std::optional<Name> Name::FromText(std::string_view text, const Name& origin) {
  if (text == "@") return origin;
  if (text == ".") return Name();
  std::string wire;
  std::string label;
  bool absolute = false;
  while (!text.empty()) {
    absolute = text.front() == '.';
    if (absolute) {
      if (!AppendLabel(label, &wire)) return std::nullopt;
      label.clear();
      text.remove_prefix(1);
      continue;
    }
    const std::optional<char> c = TakeCharacter(&text);
    if (!c) return std::nullopt;
    label.push_back(*c);
  }
  if (absolute) {
    wire.push_back('\0');
  } else {
    if (!AppendLabel(label, &wire)) return std::nullopt;
    wire.append(origin.wire());
  }
  if (wire.size() > kMaxNameBytes) return std::nullopt;
  return Name(std::move(wire));
}

std::optional<size_t> Name::Measure(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size() && at < kMaxNameBytes) {
    const auto length = static_cast<uint8_t>(bytes[at]);
    if (length == 0) return at + 1;
    if (length > kMaxLabelBytes) return std::nullopt;
    at += 1 + length;
  }
  return std::nullopt;
}

bool Name::IsUnder(const Name& other) const {
  if (key_.size() < other.key_.size()) return false;
  const size_t start = key_.size() - other.key_.size();
  for (const size_t offset : LabelOffsets(key_)) {
    if (offset == start) return key_.compare(start, key_.npos, other.key_) == 0;
  }
  return false;
}

std::string Name::ToText() const {
  if (wire_.size() == 1) return ".";
  std::string text;
  for (const size_t offset : LabelOffsets(wire_)) {
    const auto length = static_cast<uint8_t>(wire_[offset]);
    if (length == 0) break;
    for (const char c : wire_.substr(offset + 1, length)) {
      if (c <= ' ' || c > '~') {
        char escaped[5];
        std::snprintf(escaped, sizeof(escaped), "\\%03u", c & 0xffu);
        text += escaped;
        continue;
      }
      if (std::string_view(".;\"\\()@$").find(c) != std::string_view::npos) {
        text += '\\';
      }
      text += c;
    }
    text += '.';
  }
  return text;
}

std::vector<size_t> LabelOffsets(std::string_view wire) {
  std::vector<size_t> offsets;
  size_t at = 0;
  while (wire[at] != '\0') {
    offsets.push_back(at);
    at += 1 + static_cast<uint8_t>(wire[at]);
  }
  offsets.push_back(at);
  return offsets;
}

}  // namespace cluster::dns
