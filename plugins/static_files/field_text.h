// The texts that fields of HTTP are made of: RFC 9110, 5.6.
//
// Thread safety: functions of their arguments. They borrow, and copy nothing.
//
//   ListReader list("gzip, br;q=0.5");
//   while (const auto element = list.Next()) Use(*element);
#ifndef PLUGINS_STATIC_FILES_FIELD_TEXT_H_
#define PLUGINS_STATIC_FILES_FIELD_TEXT_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace cluster::static_files {

inline constexpr char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return ToLower(x) == ToLower(y);
  });
}

// Without spaces and tabs at both ends.
inline std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The elements of a list separated by commas, trimmed; empty ones are passed
// over. For lists whose elements have no quoted commas.
class ListReader {
 public:
  explicit ListReader(std::string_view text) : rest_(text) {}

  // None behind the last.
  std::optional<std::string_view> Next() {
    while (!rest_.empty()) {
      const size_t comma = std::min(rest_.find(','), rest_.size());
      const std::string_view element = TrimSpace(rest_.substr(0, comma));
      rest_.remove_prefix(std::min(comma + 1, rest_.size()));
      if (!element.empty()) return element;
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_FIELD_TEXT_H_
