// ZoneTokens: a zone file as entries of tokens (RFC 1035, 5.1). An entry is a
// line, or several where parentheses hold them together; comments are gone.
//
// Thread safety: none. Lifetime: `text` must outlive it.
//
//   ZoneTokens tokens(text);
//   while (tokens.Next(&entry)) { ... }
//   if (!tokens.error().empty()) ...
#ifndef PLUGINS_DNS_ZONE_TOKENS_H_
#define PLUGINS_DNS_ZONE_TOKENS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::dns {

struct ZoneToken {
  std::string text;  // with its escapes, without its quotes
  bool quoted = false;
};

struct ZoneEntry {
  int line = 0;               // where it begins, from 1
  bool starts_blank = false;  // it is about the name of the entry before
  std::vector<ZoneToken> tokens;
};

class ZoneTokens {
 public:
  explicit ZoneTokens(std::string_view text) : text_(text) {}

  // Reads the next entry that has tokens. False at the end, and at an error.
  bool Next(ZoneEntry* entry);

  // What is wrong, in which line; "" if nothing is.
  const std::string& error() const { return error_; }
  int error_line() const { return line_; }

 private:
  // Reads up to the end of an entry. False at an error.
  bool ReadEntry(ZoneEntry* entry);
  bool ReadQuoted(ZoneEntry* entry);
  bool ReadPlain(ZoneEntry* entry);
  void SkipComment();
  // Skips one character, or a '\' and what it escapes. False at an error.
  bool SkipCharacter();
  bool Fail(std::string error);

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  std::string error_;
};

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_ZONE_TOKENS_H_
