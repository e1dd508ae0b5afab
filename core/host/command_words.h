// A command in one option (--wrap='gdb --args'): its words, and its program.
//
// Thread safety: free functions, safe from any thread.
//
//   ASSIGN_OR_RETURN(std::vector<std::string> words, SplitWords(text));
//   ASSIGN_OR_RETURN(words[0], FindProgram(words[0], path, directory));
#ifndef CORE_HOST_COMMAND_WORDS_H_
#define CORE_HOST_COMMAND_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cluster {

// Splits as a shell does, without one: at blanks; '...' takes everything as it
// is; in "..." a backslash goes before " and \, elsewhere before any character.
// Nothing is expanded: $ and * are characters like others.
//   kInvalidArgument  no word, or a quote without its end; the message says
//                     which, for after the value
absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view text);

// Returns the path of the program that `name` means: one with a '/' starts in
// `directory`, any other is looked for in `path` (folders and ':', like $PATH).
//   kNotFound  there is none that may be executed; the message says where it
//              was looked for
absl::StatusOr<std::string> FindProgram(absl::string_view name,
                                        absl::string_view path,
                                        absl::string_view directory);

}  // namespace cluster

#endif  // CORE_HOST_COMMAND_WORDS_H_
