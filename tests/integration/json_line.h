// ParseJsonLine: reads one line of the host's JSON log.
//
// Strict for what the log may hold: one object of strings and whole numbers, by
// RFC 8259.
//
// Thread safety: a free function, safe from any thread.
#ifndef TESTS_INTEGRATION_JSON_LINE_H_
#define TESTS_INTEGRATION_JSON_LINE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

// Returns the object's members, numbers as text; nothing if `line` is no such
// object.
std::optional<std::map<std::string, std::string>> ParseJsonLine(
    absl::string_view line);

}  // namespace cluster

#endif  // TESTS_INTEGRATION_JSON_LINE_H_
