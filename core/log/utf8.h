// NextUtf8: walks text that may not be valid UTF-8, one character at a time.
//
// Thread safety: a free function, safe from any thread.
//
//   while (!text.empty()) {
//     const Utf8Char next = NextUtf8(text);
//     text.remove_prefix(next.size);
//   }
#ifndef CORE_LOG_UTF8_H_
#define CORE_LOG_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace cluster {

struct Utf8Char {
  char32_t code;  // the byte itself when !valid
  size_t size;    // in bytes; 1 when !valid
  bool valid;
};

// Returns the first character of `text`. Overlong forms, surrogates and codes
// above U+10FFFF are not valid (RFC 3629). REQUIRES: `text` is not empty.
Utf8Char NextUtf8(absl::string_view text);

// Says whether `code` is a control character, C0, DEL or C1.
constexpr bool IsControl(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

// Returns the longest length of at most `max_bytes` that does not cut a valid
// character of `text` in two. REQUIRES: max_bytes >= 4.
size_t Utf8PrefixSize(absl::string_view text, size_t max_bytes);

}  // namespace cluster

#endif  // CORE_LOG_UTF8_H_
