#include "core/log/utf8.h"

#include <cstdint>

namespace cluster {
namespace {

struct Lead {
  size_t size;
  char32_t bits;
  char32_t smallest;  // anything below is an overlong form
};

Lead ReadLead(uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if ((byte & 0xe0) == 0xc0) return {2, byte & 0x1fu, 0x80};
  if ((byte & 0xf0) == 0xe0) return {3, byte & 0x0fu, 0x800};
  if ((byte & 0xf8) == 0xf0) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

}  // namespace

Utf8Char NextUtf8(absl::string_view text) {
  const uint8_t first = static_cast<uint8_t>(text[0]);
  const Utf8Char invalid = {first, 1, false};
  const Lead lead = ReadLead(first);
  if (lead.size == 0 || lead.size > text.size()) return invalid;
  char32_t code = lead.bits;
  for (size_t i = 1; i < lead.size; ++i) {
    if (!IsContinuation(text[i])) return invalid;
    code = code << 6 | (static_cast<uint8_t>(text[i]) & 0x3fu);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < lead.smallest || code > 0x10ffff || surrogate) return invalid;
  return {code, lead.size, true};
}

size_t Utf8PrefixSize(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text.size();
  for (size_t back = 1; back <= 3; ++back) {
    const size_t start = max_bytes - back;
    if (IsContinuation(text[start])) continue;
    const Utf8Char last = NextUtf8(text.substr(start));
    return last.size > back ? start : max_bytes;
  }
  return max_bytes;
}

}  // namespace cluster
