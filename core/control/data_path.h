// DataPath: how connections reach the workers.
#ifndef CORE_CONTROL_DATA_PATH_H_
#define CORE_CONTROL_DATA_PATH_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace cluster {

enum class DataPath : uint8_t {
  kHandoff = 0,  // the primary accepts, picks and sends
  kShare = 1,    // every worker accepts from the one listening socket
  kSteer = 2,    // each from a socket of its own; the kernel picks one
};

// Returns its name, as --data_path takes it.
constexpr const char* DataPathName(DataPath data_path) {
  constexpr const char* kNames[] = {"handoff", "share", "steer"};
  return kNames[static_cast<uint8_t>(data_path)];
}

// What the kernel picks by on the data path steer, in the place of a policy: as
// --policy takes it.
inline constexpr absl::string_view kSteerRandom = "random";
inline constexpr absl::string_view kSteerCpuLocal = "cpu_local";

}  // namespace cluster

#endif  // CORE_CONTROL_DATA_PATH_H_
