// RawCommand: what was typed, sorted by flag but not yet understood.
//
// Thread safety: a plain value.
#ifndef CORE_HOST_RAW_COMMAND_H_
#define CORE_HOST_RAW_COMMAND_H_

#include <map>
#include <string>
#include <vector>

namespace cluster {

struct RawCommand {
  // By flag, and PLUGIN.
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> switches;
  std::vector<std::string> unknown;

  // Returns the value of a flag, nullptr when it was not given.
  const std::string* Find(const std::string& flag) const {
    const auto found = values.find(flag);
    if (found == values.end() || found->second.empty()) return nullptr;
    return &found->second.front();
  }
};

}  // namespace cluster

#endif  // CORE_HOST_RAW_COMMAND_H_
