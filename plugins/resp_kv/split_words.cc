#include <cctype>
#include <optional>

#include "plugins/resp_kv/request_parser.h"

namespace cluster::resp_kv {
namespace {

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)); }

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// Takes what follows a backslash within double quotes. REQUIRES: not empty.
char TakeEscaped(std::string_view* rest) {
  if (rest->size() >= 3 && rest->front() == 'x') {
    const auto high = HexDigit((*rest)[1]);
    const auto low = HexDigit((*rest)[2]);
    if (high && low) {
      rest->remove_prefix(3);
      return static_cast<char>(*high * 16 + *low);
    }
  }
  const char c = rest->front();
  rest->remove_prefix(1);
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Takes a quoted part up to and with its closing quote, behind which the word
// must end.
bool TakeQuoted(char quote, std::string_view* rest, std::string* word) {
  while (!rest->empty()) {
    const char c = rest->front();
    rest->remove_prefix(1);
    if (c == quote) return rest->empty() || IsSpace(rest->front());
    if (c != '\\' || rest->empty()) {
      word->push_back(c);
    } else if (quote == '"') {
      word->push_back(TakeEscaped(rest));
    } else if (rest->front() == '\'') {
      word->push_back('\'');
      rest->remove_prefix(1);
    } else {
      word->push_back(c);
    }
  }
  return false;
}

}  // namespace

bool SplitWords(std::string_view line, std::vector<std::string>* words) {
  for (;;) {
    while (!line.empty() && IsSpace(line.front())) line.remove_prefix(1);
    if (line.empty()) return true;
    std::string& word = words->emplace_back();
    while (!line.empty() && !IsSpace(line.front())) {
      const char c = line.front();
      line.remove_prefix(1);
      if (c != '"' && c != '\'') {
        word.push_back(c);
      } else if (!TakeQuoted(c, &line, &word)) {
        return false;
      }
    }
  }
}

}  // namespace cluster::resp_kv
