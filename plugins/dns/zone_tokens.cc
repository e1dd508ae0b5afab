#include "plugins/dns/zone_tokens.h"

#include <utility>

namespace cluster::dns {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool EndsToken(char c) {
  return IsBlank(c) || c == '\n' || c == ';' || c == '(' || c == ')' ||
         c == '"';
}

}  // namespace

bool ZoneTokens::Next(ZoneEntry* entry) {
  while (at_ < text_.size()) {
    *entry = {.line = line_, .starts_blank = IsBlank(text_[at_]), .tokens = {}};
    if (!ReadEntry(entry)) return false;
    if (!entry->tokens.empty()) return true;
  }
  return false;
}

bool ZoneTokens::ReadEntry(ZoneEntry* entry) {
  int depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') {
      ++at_;
      ++line_;
      if (depth == 0) return true;
    } else if (IsBlank(c)) {
      ++at_;
    } else if (c == ';') {
      SkipComment();
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
      if (depth < 0) return Fail("')' without '('");
      ++at_;
    } else if (!(c == '"' ? ReadQuoted(entry) : ReadPlain(entry))) {
      return false;
    }
  }
  return depth == 0 || Fail("'(' is not closed");
}

void ZoneTokens::SkipComment() {
  while (at_ < text_.size() && text_[at_] != '\n') ++at_;
}

bool ZoneTokens::ReadQuoted(ZoneEntry* entry) {
  const size_t start = ++at_;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
    if (!SkipCharacter()) return false;
  }
  if (at_ == text_.size() || text_[at_] != '"') {
    return Fail("'\"' is not closed in its line");
  }
  entry->tokens.push_back(
      {.text = std::string(text_.substr(start, at_ - start)), .quoted = true});
  ++at_;
  return true;
}

bool ZoneTokens::ReadPlain(ZoneEntry* entry) {
  const size_t start = at_;
  while (at_ < text_.size() && !EndsToken(text_[at_])) {
    if (!SkipCharacter()) return false;
  }
  entry->tokens.push_back(
      {.text = std::string(text_.substr(start, at_ - start))});
  return true;
}

bool ZoneTokens::SkipCharacter() {
  if (text_[at_] == '\0') return Fail("a NUL");
  if (text_[at_++] != '\\') return true;
  if (at_ == text_.size() || text_[at_] == '\n') {
    return Fail("a '\\' at the end of a line");
  }
  ++at_;
  return true;
}

bool ZoneTokens::Fail(std::string error) {
  error_ = std::move(error);
  return false;
}

}  // namespace cluster::dns
