// DataPath: how connections reach the workers.
#ifndef CORE_CONTROL_DATA_PATH_H_
#define CORE_CONTROL_DATA_PATH_H_

#include <cstdint>

namespace cluster {

enum class DataPath : uint8_t {
  kHandoff = 0,  // the primary accepts, picks and sends
  kShare = 1,    // every worker accepts from the one listening socket
};

}  // namespace cluster

#endif  // CORE_CONTROL_DATA_PATH_H_
