#include "plugins/resp_kv/words.h"

#include <algorithm>
#include <charconv>

namespace cluster::resp_kv {
namespace {

// Of ASCII alone, whatever the locale.
char ToUpper(char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; }
char ToLower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), &ToLower);
  return lower;
}

}  // namespace

bool IsWord(std::string_view text, std::string_view word) {
  return std::equal(
      text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
        return ToUpper(a) == b;
      });
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  // No leading zero and no -0: "01" is a text that INCR must not change.
  if (std::to_string(number) != text) return std::nullopt;
  return number;
}

std::optional<int64_t> AddTime(int64_t now_ms,
                               int64_t amount,
                               int64_t unit_ms) {
  int64_t result = 0;
  if (__builtin_mul_overflow(amount, unit_ms, &result) ||
      __builtin_add_overflow(result, now_ms, &result)) {
    return std::nullopt;
  }
  return result;
}

std::string WrongArguments(std::string_view command) {
  return "ERR wrong number of arguments for '" + Lower(command) + "' command";
}

std::string InvalidExpire(std::string_view command) {
  return "ERR invalid expire time in '" + Lower(command) + "' command";
}

}  // namespace cluster::resp_kv
