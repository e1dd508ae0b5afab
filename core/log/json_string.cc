#include "core/log/json_string.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/log/utf8.h"

namespace cluster {
namespace {

constexpr absl::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

}  // namespace

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  while (!text.empty()) {
    const Utf8Char next = NextUtf8(text);
    if (!next.valid) {
      absl::StrAppend(out, kReplacement);
    } else if (next.code == '"' || next.code == '\\') {
      absl::StrAppend(out, "\\", text.substr(0, 1));
    } else if (IsControl(next.code)) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<uint32_t>(next.code));
    } else {
      absl::StrAppend(out, text.substr(0, next.size));
    }
    text.remove_prefix(next.size);
  }
  out->push_back('"');
}

}  // namespace cluster
