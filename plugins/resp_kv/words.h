// Words and numbers of requests, and the errors that many commands share.
//
// Thread safety: free functions.
//
//   if (IsWord(request[0], "GET")) ...
#ifndef PLUGINS_RESP_KV_WORDS_H_
#define PLUGINS_RESP_KV_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::resp_kv {

inline constexpr std::string_view kNotAnInteger =
    "ERR value is not an integer or out of range";

// Returns whether `text` is `word` in any case. REQUIRES: `word` is upper case.
bool IsWord(std::string_view text, std::string_view word);

// Returns the number if `text` is one as to_string() writes it, in 64 bits.
std::optional<int64_t> ParseInteger(std::string_view text);

// Returns `now_ms` and `amount` times `unit_ms`; nothing if that overflows.
std::optional<int64_t> AddTime(int64_t now_ms, int64_t amount, int64_t unit_ms);

// Errors; `command` in any case.
std::string WrongArguments(std::string_view command);
std::string InvalidExpire(std::string_view command);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_WORDS_H_
