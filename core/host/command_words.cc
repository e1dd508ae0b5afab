#include "core/host/command_words.h"

#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/resolve_path.h"

namespace cluster {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

bool IsProgram(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

// Takes what stands in quotes off `text`, whose first character is the quote.
// Returns whether the quote ends.
bool TakeQuoted(absl::string_view& text, std::string* word) {
  const char quote = text.front();
  text.remove_prefix(1);
  while (!text.empty() && text.front() != quote) {
    const bool escapes = quote == '"' && text.front() == '\\' &&
                         text.size() > 1 && (text[1] == '"' || text[1] == '\\');
    if (escapes) text.remove_prefix(1);
    word->push_back(text.front());
    text.remove_prefix(1);
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  while (!text.empty()) {
    const char c = text.front();
    if (IsBlank(c)) {
      in_word = false;
      text.remove_prefix(1);
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '\'' || c == '"') {
      if (TakeQuoted(text, &words.back())) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("has a ", std::string(1, c), " without its end"));
    }
    if (c == '\\') {
      text.remove_prefix(1);
      if (text.empty()) {
        return absl::InvalidArgumentError("ends with a backslash");
      }
    }
    words.back().push_back(text.front());
    text.remove_prefix(1);
  }
  if (words.empty() || words.front().empty()) {
    return absl::InvalidArgumentError("has no program: write a command");
  }
  return words;
}

absl::StatusOr<std::string> FindProgram(absl::string_view name,
                                        absl::string_view path,
                                        absl::string_view directory) {
  if (absl::StrContains(name, '/')) {
    const std::string program = ResolvePath(directory, name);
    if (IsProgram(program)) return program;
    return absl::NotFoundError(
        absl::StrCat(program, " is not there, or no program"));
  }
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    // An empty one means where one is.
    const std::string in = folder.empty() ? std::string(directory)
                                          : ResolvePath(directory, folder);
    const std::string program = ResolvePath(in, name);
    if (IsProgram(program)) return program;
  }
  return absl::NotFoundError(
      absl::StrCat("no program ", name, " in PATH: is it installed?"));
}

}  // namespace cluster
