// The tags of the plugin ABI's functions, as its headers have them: where and
// when each may be called.
//
// Thread safety: pure functions.
//
//   for (const AbiFunction& function : ReadAbiFunctions(header)) {
//     const std::optional<AbiTag> tag = ParseAbiTag(function.tag);
//   }
#ifndef PLUGINS_TESTING_ABI_TAGS_H_
#define PLUGINS_TESTING_ABI_TAGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cluster {

// A function of one of the ABI's tables. Tags are without brackets, on one
// line; empty if there is none.
struct AbiFunction {
  std::string table;  // such as "cluster_loop_v1"
  std::string name;
  std::string tag;  // ends the comment above it
  // Its parameters that are functions, by name. The comment tags them behind
  // their name: "`ready` [loop-thread & started, draining]".
  std::map<std::string, std::string> callbacks;
};

struct AbiTag {
  bool on_loop_thread = false;
  // 1 << n for the n-th of loaded, created, started, draining, stopped,
  // destroyed: as plugins/host/call_rule.h has them.
  uint32_t states = 0;
  std::string remark = {};  // such as "only from inside run"
};

// Returns the functions in the structs of a header, in order.
std::vector<AbiFunction> ReadAbiFunctions(const std::string& header);

// Returns what a tag says, such as "any-thread & created to draining"; none if
// it makes no sense. A remark may follow behind "; ".
std::optional<AbiTag> ParseAbiTag(const std::string& tag);

// Returns the functions in all headers of the ABI, which are among the test's
// `data`.
std::vector<AbiFunction> ReadAllAbiFunctions();

}  // namespace cluster

#endif  // PLUGINS_TESTING_ABI_TAGS_H_
