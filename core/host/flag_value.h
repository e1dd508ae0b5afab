// The values of command line flags, from text, with errors fit for a user.
//
// Each error is kInvalidArgument and one line: the flag, the value as typed,
// what is wrong, and what to give instead.
//
// Thread safety: free functions, safe from any thread.
#ifndef CORE_HOST_FLAG_VALUE_H_
#define CORE_HOST_FLAG_VALUE_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cluster {

// Returns the error `--flag="value" problem`, always one line.
absl::Status FlagError(absl::string_view flag,
                       absl::string_view value,
                       absl::string_view problem);

// Returns `value` as a number within [min, max].
absl::StatusOr<uint32_t> ParseNumber(absl::string_view flag,
                                     absl::string_view value,
                                     uint32_t min,
                                     uint32_t max);

// Returns `value` ("30s", "1m30s", "inf") as a duration of at least `min`.
absl::StatusOr<absl::Duration> ParseFlagDuration(absl::string_view flag,
                                                 absl::string_view value,
                                                 absl::Duration min);

// Returns the index of `value` among `names`.
absl::StatusOr<size_t> ParseChoice(
    absl::string_view flag,
    absl::string_view value,
    std::initializer_list<absl::string_view> names);

// Reads "KEY=VALUE" or "KEY=@file"; a file is at most 1 MiB and taken as it is,
// with its last newline. `directory` is where relative paths start.
absl::StatusOr<std::pair<std::string, std::string>> ParseConfigPair(
    absl::string_view flag,
    absl::string_view value,
    absl::string_view directory);

}  // namespace cluster

#endif  // CORE_HOST_FLAG_VALUE_H_
