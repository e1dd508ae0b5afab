// AppendJsonString: text as a string of JSON (RFC 8259, section 7), always
// valid and on one line.
//
// Thread safety: a free function, safe from any thread.
//
//   std::string json = "{\"name\":";
//   AppendJsonString(name, &json);
#ifndef CORE_LOG_JSON_STRING_H_
#define CORE_LOG_JSON_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

// Appends `text` in quotes. Control characters are escaped, also those that
// JSON lets pass and terminals obey; bytes that are no UTF-8 become U+FFFD.
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace cluster

#endif  // CORE_LOG_JSON_STRING_H_
