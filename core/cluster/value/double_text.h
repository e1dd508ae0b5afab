// AppendDouble: a double as the shortest text that reads as the same, and that
// no integer has: 80.0, 0.1, 1e+100; "nan", "inf", "-inf".
//
// Thread safety: a free function.
#ifndef CORE_CLUSTER_VALUE_DOUBLE_TEXT_H_
#define CORE_CLUSTER_VALUE_DOUBLE_TEXT_H_

#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace cluster {

inline void AppendDouble(double number, std::string* out) {
  std::array<char, 32> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number);
  const std::string_view text(digits.data(),
                              static_cast<size_t>(end.ptr - digits.data()));
  *out += text;
  if (text.find_first_not_of("-0123456789") == text.npos) *out += ".0";
}

}  // namespace cluster

#endif  // CORE_CLUSTER_VALUE_DOUBLE_TEXT_H_
