#include "tests/integration/json_line.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace cluster {
namespace {

// What is left to read. Each function takes what it names, or says that it is
// not there.
class Reader {
 public:
  explicit Reader(absl::string_view text) : left_(text) {}

  bool at_end() const { return left_.empty(); }

  bool Take(char expected) {
    if (left_.empty() || left_.front() != expected) return false;
    left_.remove_prefix(1);
    return true;
  }

  bool TakeString(std::string* out) {
    if (!Take('"')) return false;
    while (!left_.empty() && left_.front() != '"') {
      if (static_cast<unsigned char>(left_.front()) < 0x20) return false;
      if (!(Take('\\') ? TakeEscape(out) : TakePlain(out))) return false;
    }
    return Take('"');
  }

  bool TakeNumber(std::string* out) {
    size_t size = 0;
    while (size < left_.size() && absl::ascii_isdigit(left_[size])) ++size;
    if (size == 0 || (size > 1 && left_.front() == '0')) return false;
    *out = std::string(left_.substr(0, size));
    left_.remove_prefix(size);
    return true;
  }

 private:
  bool TakePlain(std::string* out) {
    out->push_back(left_.front());
    left_.remove_prefix(1);
    return true;
  }

  bool TakeEscape(std::string* out) {
    static constexpr absl::string_view kLetters = "\"\\/bfnrt";
    static constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (Take('u')) return TakeCode(out);
    if (left_.empty()) return false;
    const size_t index = kLetters.find(left_.front());
    if (index == absl::string_view::npos) return false;
    left_.remove_prefix(1);
    out->push_back(kMeanings[index]);
    return true;
  }

  // The log escapes control characters only, which is all this decodes.
  bool TakeCode(std::string* out) {
    if (left_.size() < 4) return false;
    uint32_t code = 0;
    if (!absl::SimpleHexAtoi(left_.substr(0, 4), &code)) return false;
    left_.remove_prefix(4);
    out->push_back(code < 0x80 ? static_cast<char>(code) : '?');
    return true;
  }

  absl::string_view left_;
};

}  // namespace

std::optional<std::map<std::string, std::string>> ParseJsonLine(
    absl::string_view line) {
  Reader reader(line);
  std::map<std::string, std::string> members;
  if (!reader.Take('{')) return std::nullopt;
  do {
    std::string name;
    std::string value;
    if (!reader.TakeString(&name) || !reader.Take(':') ||
        !(reader.TakeString(&value) || reader.TakeNumber(&value)) ||
        !members.emplace(std::move(name), std::move(value)).second) {
      return std::nullopt;
    }
  } while (reader.Take(','));
  if (!reader.Take('}') || !reader.at_end()) return std::nullopt;
  return members;
}

}  // namespace cluster
