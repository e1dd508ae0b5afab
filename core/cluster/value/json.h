// EncodeJson and DecodeJson: a Value as JSON text (RFC 8259) and back, for
// programs and tools that know no other form of it.
//
// Both ways an int is a number without fraction and exponent, and exact; a
// double has one of them (80.0), and the digits that make it the same again.
//
// What is decoded may come from an enemy. Memory is bounded by the text and by
// Value::kMaxCount; lists and maps nest at most Value::kMaxDepth deep.
//
// Thread safety: free functions, safe from any thread.
//
//   EncodeJson(Value::Map{{"port", 80}});  // {"port":80}
//   DecodeJson("[1, 2.5]");                // Value::List{1, 2.5}
#ifndef CORE_CLUSTER_VALUE_JSON_H_
#define CORE_CLUSTER_VALUE_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/cluster/value/value.h"

namespace cluster {

// Returns the text of `value`, without spaces, keys in their order. What is not
// finite becomes null, as in JavaScript.
//   kInvalidArgument  it has bytes, a string that is not UTF-8, or lists and
//                     maps that nest deeper than Value::kMaxDepth
absl::StatusOr<std::string> EncodeJson(const Value& value);

// Returns the value of which `text` is all. Of equal keys the last counts. An
// integer that int64_t does not hold is a double, and a double that is too
// large is infinite, as in JavaScript.
//   kDataLoss  it is no JSON, not UTF-8, nests too deep, holds too much, or a
//              number has an exponent that an int does not hold
absl::StatusOr<Value> DecodeJson(std::string_view text);

}  // namespace cluster

#endif  // CORE_CLUSTER_VALUE_JSON_H_
