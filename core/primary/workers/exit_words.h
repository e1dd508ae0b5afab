// ExitWords: what the exit code of a worker means, where the host documents it
// (docs/plugin_abi.md, "How a worker ends").
//
// Thread safety: a free function, safe from any thread.
//
//   absl::StrCat("exited with code ", code, " (", ExitWords(code), ")")
#ifndef CORE_PRIMARY_WORKERS_EXIT_WORDS_H_
#define CORE_PRIMARY_WORKERS_EXIT_WORDS_H_

#include "absl/strings/string_view.h"

namespace cluster {

// Returns a few words, static; empty for a code that is the plugin's own, 0 and
// 1 included.
absl::string_view ExitWords(int code);

}  // namespace cluster

#endif  // CORE_PRIMARY_WORKERS_EXIT_WORDS_H_
